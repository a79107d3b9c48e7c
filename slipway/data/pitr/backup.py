"""A physical backup: full, or of what changed since the last full one; and when the next one is due."""

from __future__ import annotations

import time

from slipway.data.endpoints import Archive, Emit, Endpoints
from slipway.data.pitr import archive, establish, gaps, places, program
from slipway.data.pitr.info import Backup, Report
from slipway.data.pitr.interface import BackedUp
from slipway.data.pitr.interface import Backup as Wish
from slipway.data.progress import progress
from slipway.data.verb import Nothing
from slipway.errors import BackupError, SlipwayError

FULL, DIFF = "full", "diff"
WAIT = 3600.0  # seconds for a backup that is under way
DAY, HOUR, MINUTE = 86400, 3600, 60


def backup(ends: Endpoints, args: Wish, emit: Emit) -> BackedUp:
    """Takes a backup into every repository; a full one where there is none to build on.

    Raises BackupError with pgBackRest's reason, when it
    has tried every repository.
    """
    program.need(ends)
    begun, timeline = time.monotonic(), archive.look(ends).get("timeline", 0)
    report = program.require_report(ends)
    broken = gaps.of(report, ends.archive.stanza) if args.missing else {}
    taken, failures = False, []
    for each in report.repositories:
        there = of(report, each.key, timeline)
        if (args.missing and there and each.key not in broken) or args.repository not in (None, each.key):
            continue
        try:
            take(args.kind or DIFF if there else FULL, each.key, emit)
            taken = True
        except BackupError as error:
            failures.append(error)
    if failures:
        raise failures[0]
    last = note_last(ends, program.report(ends))
    return BackedUp(last.label, last.kind, last.size, last.stored, taken, round(time.monotonic() - begun, 1))


def of(report: Report, repository: int, timeline: int) -> list[Backup]:
    """The good backups of a history in one repository: after a restore nothing may be built on older ones."""
    return [
        each
        for each in report.backups
        if each.timeline == timeline and not each.error and repository in each.repositories
    ]


def take(kind: str, repository: int, emit: Emit) -> None:
    """Waits for one that is under way, which may be the keeper's, and takes another."""
    what = f"{kind} backup into repository {repository}"

    def report_line(line: str) -> None:
        if found := program.PERCENT.search(line):
            progress(emit, what, int(float(found[1])), 100, "%")

    deadline = time.monotonic() + WAIT
    words = ["backup", f"--type={kind}", f"--repo={repository}", program.processes(), "--log-level-console=detail"]
    while (ran := program.run(words, said=report_line)).code == program.LOCKED and time.monotonic() < deadline:
        progress(emit, "another backup is under way", 0, 0, "")
        time.sleep(1)
    if ran.code:
        raise program.command_error(what, ran, BackupError, "a backup that is whole")


def note_last(ends: Endpoints, report: Report) -> Backup:
    establish.note(ends, report, archive.look(ends))
    return report.backups[-1]


def due(ours: list[Backup], settings: Archive, now: float) -> str:
    """The kind of backup that the clock asks for now, or an empty text. Pure."""
    full = [each for each in ours if each.kind == FULL]
    if not full or now - full[-1].begun >= settings.full_days * DAY:
        return FULL
    return DIFF if now - ours[-1].begun >= settings.diff_hours * HOUR else ""


def keep(ends: Endpoints, args: Nothing, emit: Emit) -> Nothing:
    """Takes backups when they are due, until it is told to end; what goes wrong is told and tried again."""
    program.need(ends)
    try:
        while True:
            time.sleep(MINUTE)
            if not places.find_unfinished(ends):
                attempt(ends, emit)
    except KeyboardInterrupt:
        return args


def attempt(ends: Endpoints, emit: Emit) -> None:
    try:
        found, report = archive.look(ends), program.require_report(ends)
        # A server that is down, or one that the archive is not of, is not for the clock to put right.
        if "reason" in found or report.system != found["system"]:
            return
        for each in report.repositories:
            if kind := due(of(report, each.key, found["timeline"]), ends.archive, time.time()):
                done = backup(ends, Wish(kind, each.key), lambda event: None)
                emit({"event": "backup", "text": f"{done.kind} backup {done.label} in {done.seconds} s"})
    except SlipwayError as error:
        emit({"event": "failed", "text": f"{error}; tried again in a minute"})
