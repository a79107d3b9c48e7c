"""`backups.list`, `backups.check`: which backups are there, and whether the newest proven one is young enough."""

from __future__ import annotations

from datetime import UTC, datetime

from slipway.data import wire
from slipway.data.backups import folder, retention, schedule
from slipway.data.backups.interface import Aged, Backups, Check, Elsewhere, Here, Standing
from slipway.data.endpoints import Emit, Endpoints
from slipway.data.offsite import listing as offsite
from slipway.data.verb import Nothing
from slipway.errors import SettingsError, VerificationError
from slipway.stack import stores


def list_backups(ends: Endpoints, args: Nothing, emit: Emit) -> Backups:
    """Every backup, here and elsewhere."""
    elsewhere = offsite.summarize_copies(ends)
    here = [summary(each, "both" if each["id"] in elsewhere.copies else "local") for each in folder.list_backups(ends)]
    found: list[Here | Elsewhere] = [*here, *offsite.only_there(elsewhere.copies, {each.id for each in here})]
    found.sort(key=lambda each: folder.order(each.id), reverse=True)
    return Backups(tuple(found), tuple(folder.list_damaged(ends)), elsewhere)


def summary(found: dict, where: str) -> Here:
    """What one line of the list says."""
    kept = (
        "id",
        "label",
        "kind",
        "parts",
        "stack",
        "environment",
        "database",
        "begun",
        "ended",
        "release",
        "schema_version",
        "server_version",
        "proven",
        "drill",
        "objects",
        *stores.WHOLE,
    )
    told = {key: found.get(key) for key in kept} | {
        "bytes": sum(file["bytes"] for file in found["files"].values()),
        "tables": len(found["tables"]),
        "rows": sum(table["rows"] for table in found["tables"].values()),
        "where": where,
    }
    return wire.decode(Here, told)


def describe_standing(ends: Endpoints, args: Nothing, emit: Emit) -> Standing:
    """How things stand, for `status` and `doctor`. Only backups of the database count."""
    now = datetime.now(UTC)
    found = [each for each in folder.list_backups(ends) if "database" in each["parts"]]

    def told_of(some: list[dict]) -> Aged | None:
        return Aged(some[0]["id"], round((now - taken_at(some[0])).total_seconds())) if some else None

    return Standing(
        len(found),
        told_of(found),
        told_of([each for each in found if each["proven"]]),
        schedule.report(ends, now),
        tuple(folder.list_damaged(ends)),
    )


def taken_at(found: dict) -> datetime:
    """The moment that a backup shows: when it began."""
    return datetime.fromisoformat(found["begun"])


def check(ends: Endpoints, args: Check, emit: Emit) -> Aged:
    """The newest proven backup of the database. Raises VerificationError when that is too old, or when there is none."""
    limit = args.max_age
    if limit <= 0:
        raise SettingsError("--max-age", str(limit), "a time such as 26h or 2d", "./invoke backups.check --max-age 26h")
    now = datetime.now(UTC)
    found = [each for each in folder.list_backups(ends) if "database" in each["parts"]]
    proven = [each for each in found if each["proven"] and taken_at(each) <= now + retention.SKEW]
    if not proven:
        raise VerificationError(
            "backups",
            describe_nothing(found, now),
            "a backup that a drill has restored",
            "./invoke backups.drill" if found else "./invoke backup, then ./invoke backups.drill",
        )
    if (planned := schedule.report(ends, now)) and planned.trouble:
        raise VerificationError("backups", planned.trouble, "every scheduled backup taken", "./invoke logs -s ops")
    age = (now - taken_at(proven[0])).total_seconds()
    if age > limit:
        raise VerificationError(
            "backups",
            f"the newest proven one, {proven[0]['id']}, is {describe_age(age)} old",
            f"at most {describe_age(limit)}",
            "./invoke backup, then ./invoke backups.drill",
        )
    return Aged(proven[0]["id"], round(age, 3))


def describe_nothing(found: list[dict], now: datetime) -> str:
    if any(each["proven"] for each in found):
        return (
            f"the proven ones are dated in the future, seen from {now:%Y-%m-%d %H:%M} UTC: one of the clocks is wrong"
        )
    return f"none of {len(found)} is proven" if found else "there is none"


def describe_age(seconds: float) -> str:
    """An age in the two largest units that it has."""
    minutes, hours, days = int(seconds // 60), int(seconds // 3600), int(seconds // 86400)
    if days:
        return f"{days} d {hours % 24} h"
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"
