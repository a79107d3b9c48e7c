"""The archive's bucket and stanza, and the proof that a change of this moment reaches it."""

from __future__ import annotations

import time

from slipway.data import records, wire
from slipway.data.endpoints import Emit, Endpoints
from slipway.data.objects import buckets
from slipway.data.objects import client as objects
from slipway.data.pitr import archive, places, program
from slipway.data.pitr.info import Report
from slipway.data.pitr.interface import CutShort, Establish, Established
from slipway.data.progress import progress
from slipway.errors import GateError

AGAIN = 0.5  # seconds between tries
ALIEN = 28  # pgBackRest: the archive and the cluster do not match


def establish(ends: Endpoints, args: Establish, emit: Emit) -> Established:
    """Makes what is missing and archives one segment, of a server that has passed its gate. Takes at most GATE_TIMEOUT seconds.

    A restore that was cut short is ended first, unless this is a part of it. Raises GateError with pgBackRest's reason.
    """
    program.need(ends)
    begun = time.monotonic()
    deadline = begun + ends.gate_timeout
    settled = None if args.restoring else end_restore(ends)
    places.prove()
    created = buckets.make(objects.client(ends), ends.archive.bucket)
    refuse_alien(ends)
    progress(emit, "archive: its record", 0, 2, "steps")
    patiently("stanza-create", [], ends, deadline)
    progress(emit, "archive: a segment on its way", 1, 2, "steps")
    left = max(1.0, deadline - time.monotonic())
    patiently("check", [f"--archive-timeout={left:.0f}"], ends, deadline)
    found = archive.look(ends)
    report = program.report(ends)
    note(ends, report, found)
    return Established(created, newest(report), round(time.monotonic() - begun, 1), settled)


def end_restore(ends: Endpoints) -> CutShort | None:
    """Ends a restore that was cut short, if one was."""
    found = places.settle(ends)
    return wire.decode(CutShort, found) if found else None


def patiently(command: str, words: list[str], ends: Endpoints, deadline: float) -> None:
    """Runs a command, again while another one holds its lock. Raises GateError."""
    while True:
        ran = program.run([command, *words], max(1.0, deadline - time.monotonic()))
        if ran.code == 0:
            return
        if ran.code != program.LOCKED or time.monotonic() > deadline:
            raise refusal_error(command, ran, ends)
        time.sleep(AGAIN)


def refuse_alien(ends: Endpoints) -> None:
    """A fresh cluster beside the archive of a lost one must make nothing in any repository: the restore needs them."""
    found = archive.look(ends)
    for each in program.report(ends).repositories:
        if each.system and each.system != found.get("system", each.system):
            raise alien(f"repository {each.key}", ())


def alien(where: str, log: tuple[str, ...]) -> GateError:
    return GateError(
        "archive",
        f"{where} holds the archive of another cluster, and this one is new",
        "the cluster that the archive is of",
        "./invoke restore --at latest brings that one back; or "
        "set PITR_BUCKET (and PITR_REPO2_BUCKET) to another bucket",
        log,
    )


def refusal_error(command: str, ran: program.Ran, ends: Endpoints) -> GateError:
    if ran.code == ALIEN:
        return alien("a repository", ran.tail)
    found = ran.reason if ran.code is not None else f"no answer in {ends.gate_timeout:.0f} s"
    return GateError(
        f"archive: {command}",
        found,
        "a segment that reaches every repository",
        "./invoke logs -s objects; ./invoke logs -s postgres",
        ran.tail,
    )


def newest(report: Report) -> str:
    return max((each.newest for each in report.repositories), default="")


def note(ends: Endpoints, report: Report, found: dict) -> None:
    """What the next plan has to know, where ops reads it without asking the archive."""
    records.write(
        ends.state_dir,
        "pitr",
        {
            "stanza": ends.archive.stanza,
            "bucket": ends.archive.bucket,
            "system": report.system,
            "timeline": covered_timeline(report),
            "proven": time.time(),
            "server": found.get("system", ""),
        },
    )


def covered_timeline(report: Report) -> int:
    """The newest timeline of which every repository has a backup; 0 where one has none."""
    return min(
        (
            max(
                (each.timeline for each in report.backups if not each.error and repository.key in each.repositories),
                default=0,
            )
            for repository in report.repositories
        ),
        default=0,
    )
