"""Which moments can be restored, and from which backup: pure, from a report and the history of timelines."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from slipway.data.pitr.info import Backup, Report, lsn
from slipway.errors import SettingsError

LATEST = "latest"
EXAMPLE = "a moment with its time zone, such as '2026-11-22 10:15:00+00', or latest"
Forks = Mapping[int, int]  # timeline -> where in the WAL the present history left it


@dataclass(frozen=True)
class Window:
    """From the end of the oldest backup to the last moment that is archived, in seconds since 1970; None: nothing."""

    begin: float | None = None
    end: float | None = None

    def __str__(self) -> str:
        return (
            "nothing"
            if self.begin is None or self.end is None
            else f"{format_moment(self.begin)} to {format_moment(self.end)}"
        )


def moment(text: str) -> float | None:
    """The seconds since 1970 that a person means; None is the newest moment. Raises SettingsError without a time zone."""
    if text.strip() == LATEST:
        return None
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise SettingsError("--at", text or "no value", EXAMPLE, "./invoke restore --at '2026-11-22 10:15:00+00'")
    return found.timestamp()


def format_moment(seconds: float) -> str:
    """A moment as Postgres reads it, without a fraction that is none."""
    text = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    return re.sub(r"\.?0*$", "", text) if text.endswith("000000") else text.rstrip("0")


def exact(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S.%f+00")


def forks(history: str) -> dict[int, int]:
    """The timelines that a .history file of Postgres names, and where each was left."""
    found = re.findall(r"(?m)^\s*(\d+)\s+([0-9A-F]+/[0-9A-F]+)", history)
    return {int(number): lsn(place) for number, place in found}


def usable(report: Report, left: Forks, timeline: int) -> tuple[Backup, ...]:
    """Backups that the history of a timeline goes through: one that ended after it was left is of another history."""
    return tuple(
        each
        for each in report.backups
        if not each.error
        and (each.timeline == timeline or (each.timeline in left and each.stop_lsn <= left[each.timeline]))
    )


def of(backups: Sequence[Backup], end: float | None) -> Window:
    return Window(min((each.ended for each in backups), default=None), end)


def choose(backups: Sequence[Backup], target: float | None) -> Backup | None:
    """The newest backup that ended before the target; None where there is none."""
    fitting = [each for each in backups if target is None or each.ended <= target]
    return max(fitting, key=lambda each: (each.ended, each.label), default=None)
