"""Segments that the archive lacks after a backup: no moment behind such a gap can be reached from it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from slipway.data.pitr import program
from slipway.data.pitr.info import Backup, Report, Repository

EACH = 256  # segments of 16 MB that one directory of the archive holds
NAME = 24  # hexadecimal digits: timeline, directory, segment


def number(segment: str) -> int:
    """The place of a segment in its timeline."""
    return int(segment[8:16], 16) * EACH + int(segment[16:NAME], 16)


def folders(begin: str, end: str) -> Iterator[str]:
    """The directories that hold the segments from one to another of the same timeline."""
    for log in range(number(begin) // EACH, number(end) // EACH + 1):
        yield f"{begin[:8]}{log:08X}"


def count_missing(names: Iterable[str], begin: str, end: str) -> int:
    """How many segments from `begin` to `end` are not among the files `names`."""
    there = {number(name) for name in names if name[:8] == begin[:8] and name[NAME : NAME + 1] == "-"}
    return len(set(range(number(begin), number(end) + 1)) - there)


def after(repository: Repository, backup: Backup, stanza: str) -> int:
    """How many segments a repository lacks between a backup in it and its newest one; 0 where it cannot be asked."""
    end = repository.newest
    if len(end) != NAME or end[:8] != backup.start_wal[:8]:
        return 0
    names: list[str] = []
    for folder in folders(backup.start_wal, end):
        words = ["repo-ls", f"--repo={repository.key}", f"archive/{stanza}/{repository.archive}/{folder}"]
        ran = program.run(words, program.QUICK)
        if ran.code != 0:
            return 0
        names += ran.output.split()
    return count_missing(names, backup.start_wal, end)


def of(report: Report, stanza: str) -> dict[int, tuple[Backup, int]]:
    """Repositories with a gap after their newest backup: that backup, and how many segments are missing."""
    found = {}
    for each in report.repositories:
        ours = [backup for backup in report.backups if each.key in backup.repositories and not backup.error]
        if ours and each.code == 0 and (count := after(each, ours[-1], stanza)):
            found[each.key] = (ours[-1], count)
    return found
