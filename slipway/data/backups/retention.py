"""Which backups stay: pure. Each is kept for a reason that can be told, or goes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from slipway.data.backups.policy import Keep

SKEW = timedelta(minutes=5)  # a clock may be that much ahead of ours


@dataclass(frozen=True)
class Backup:
    """What the rules look at. Those with the same `parts` are of one kind: objects alone never stand in for a database."""

    id: str
    at: datetime
    proven: bool = False
    parts: tuple[str, ...] = ("database", "objects")


def choose_kept(backups: Sequence[Backup], keep: Keep, now: datetime) -> dict[str, str]:
    """The id of each backup that stays, with the reason; the others may go.

    The newest one of its kind and the newest proven one of its kind always stay, and so does one that is dated in
    the future: a clock was wrong, and it takes nobody's place.
    """
    reasons: dict[str, str] = {}
    for parts in {backup.parts for backup in backups}:
        alike = sorted(
            (each for each in backups if each.parts == parts), key=lambda each: (each.at, each.id), reverse=True
        )
        reasons |= {each.id: "dated in the future" for each in alike if each.at > now + SKEW}
        past = [each for each in alike if each.at <= now + SKEW]
        for each, reason in (*always(past), *(by_rule(past, keep, now))):
            reasons.setdefault(each.id, reason)
    return reasons


def always(past: Sequence[Backup]) -> list[tuple[Backup, str]]:
    proven = [each for each in past if each.proven]
    return [*((each, "the newest") for each in past[:1]), *((each, "the last proven") for each in proven[:1])]


def by_rule(past: Sequence[Backup], keep: Keep, now: datetime) -> list[tuple[Backup, str]]:
    """Backups that a count or an age keeps; `past` is newest first."""
    young = [each for each in past if not keep.max_days or now - each.at <= timedelta(days=keep.max_days)]
    return [
        *((each, "one of the last") for each in young[: keep.last]),
        *((each, "young") for each in young if now - each.at < timedelta(days=keep.days)),
        *((each, "daily") for each in newest_of_each(young, keep.daily, lambda at: at.date())),
        *((each, "weekly") for each in newest_of_each(young, keep.weekly, lambda at: at.isocalendar()[:2])),
        *((each, "monthly") for each in newest_of_each(young, keep.monthly, lambda at: (at.year, at.month))),
    ]


def newest_of_each(backups: Sequence[Backup], count: int, period: Callable[[datetime], object]) -> list[Backup]:
    """The newest backup of each of the `count` newest periods that have one."""
    found: dict[object, Backup] = {}
    for each in backups:
        found.setdefault(period(each.at), each)
    return list(found.values())[:count]
