"""`pitr.status`: how far the archive is behind, what can be restored, and what is wrong."""

from __future__ import annotations

from slipway.data.endpoints import Emit, Endpoints
from slipway.data.pitr import archive, gaps, places, program, window
from slipway.data.pitr.info import Report
from slipway.data.pitr.interface import Kept, Physical, Status, Window
from slipway.data.verb import Nothing
from slipway.errors import BackupError


def status(ends: Endpoints, args: Nothing, emit: Emit) -> Status:
    """The archive, and what can be restored.

    Answers within half a minute whatever does not: that is then one of the problems.
    """
    program.need(ends)
    found = archive.look(ends)
    try:
        report, wrong = program.report(ends), []
    except BackupError as error:
        report, wrong = Report(), [f"{error.where}: {error.found}"]
    reach = window.of(present(report, found), end(found))
    return Status(
        found,
        Window(reach.begin, reach.end, str(reach)),
        report.repositories,
        tuple(Physical(**vars(each), timeline=each.timeline) for each in report.backups),
        tuple(Kept(**each) for each in places.list_kept()),
        problems=(
            *archive.problems(found, ends.archive.timeout),
            *wrong,
            *report.problems(),
            *disagreements(report, found),
            *find_broken(report, ends),
            *places.remarks(ends),
        ),
    )


def present(report: Report, found: dict) -> tuple:
    """The backups of the history that the server is in; all of them while it cannot be asked."""
    timeline = found.get("timeline") or max((each.timeline for each in report.backups), default=0)
    return window.usable(report, window.forks(places.history()), timeline)


def end(found: dict) -> float | None:
    """The last change that is archived for certain: what the newest segment there was last written to."""
    return found.get("last_change") or found.get("last_at")


def find_broken(report: Report, ends: Endpoints) -> list[str]:
    """What keeps the moments behind the newest backup out of reach."""
    return [
        f"repository {key}: {count} segments after backup {backup.label} are missing, and no moment behind them is "
        f"in reach until the next backup"
        for key, (backup, count) in gaps.of(report, ends.archive.stanza).items()
    ]


def disagreements(report: Report, found: dict) -> list[str]:
    """What the server says it has archived and a repository does not have: another cluster's, or dropped."""
    if "reason" in found or not report.exists:
        return []
    if alien := [each.key for each in report.repositories if each.system not in ("", found["system"])]:
        return [f"repository {key}: it is the archive of another cluster than the one that runs" for key in alien]
    last = found["last_wal"] or ""
    return [
        f"repository {each.key}: lacks {last}, which the server was told is archived: it was dropped"
        for each in report.repositories
        if each.code in (0, 2) and len(last) == 24 and each.newest < last
    ]
