"""What the settings say of backups: when, what, how it is proven, how long it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from slipway.errors import SettingsError
from slipway.stack import stores


@dataclass(frozen=True)
class Keep:
    """How many backups stay: the newest, the newest of each day, week and month; and by age in days, 0 for no limit."""

    last: int = 7
    daily: int = 7
    weekly: int = 4
    monthly: int = 6
    days: int = 0  # younger ones all stay
    max_days: int = 0  # older ones go, whatever else holds


@dataclass(frozen=True)
class Policy:
    """The rules of one stack. `objects` is bytes, manifest or off; `drill` is schedule, always or never."""

    stack: str = ""
    environment: str = ""
    schedule: str = ""
    drill: str = "schedule"
    objects: str = "bytes"
    whole: frozenset[str] = frozenset()  # stores that are kept beside the database
    keep: Keep = Keep()


def read(given: Mapping[str, str]) -> Policy:
    """The rules that the environment names. Raises SettingsError for a count that is none."""
    usual = Keep()
    keep = Keep(
        **{
            name: count(given, f"BACKUP_KEEP_{name.upper()}", getattr(usual, name))
            for name in ("last", "daily", "weekly", "monthly", "days")
        },
        max_days=count(given, "BACKUP_MAX_DAYS", usual.max_days),
    )
    return Policy(
        given.get("STACK", ""),
        given.get("STACK_ENVIRONMENT", ""),
        given.get("BACKUP_SCHEDULE", ""),
        given.get("BACKUP_DRILL", "schedule"),
        given.get("BACKUP_OBJECTS", "bytes"),
        frozenset(name for name in stores.WHOLE if given.get(f"BACKUP_{name.upper()}")),
        keep,
    )


def count(given: Mapping[str, str], key: str, default: int) -> int:
    text = given.get(key, str(default))
    if not (text.isascii() and text.isdigit()):
        raise SettingsError(key, text, "a whole number from 0", f"edit {key} in .env")
    return int(text)
