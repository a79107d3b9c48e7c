"""`backups.list`: which backups are there, and how things stand."""

from __future__ import annotations

from datetime import UTC, datetime

from slipway.data.backups import folder, schedule
from slipway.data.endpoints import Emit, Endpoints


def listing(ends: Endpoints, args: dict, emit: Emit) -> dict:
    """{"backups": [summary, newest first], "damaged": [sentence]}."""
    return {"backups": [summary(each) for each in folder.listed(ends)], "damaged": folder.damaged(ends)}


def summary(found: dict) -> dict:
    """What one line of the list says."""
    kept = ("id", "label", "kind", "parts", "stack", "environment", "database", "begun", "ended", "release",
            "schema_version", "server_version", "proven", "drill", "objects", "redis")
    return {key: found.get(key) for key in kept} | {
        "bytes": sum(file["bytes"] for file in found["files"].values()),
        "tables": len(found["tables"]),
        "rows": sum(table["rows"] for table in found["tables"].values()),
    }


def standing(ends: Endpoints, args: dict, emit: Emit) -> dict:
    """How things stand, for `status` and `doctor`: {"count", "newest", "proven": {"id", "age"} or None, "schedule",
    "damaged"}. Only backups of the database count."""
    now = datetime.now(UTC)
    found = [each for each in folder.listed(ends) if "database" in each["parts"]]

    def told_of(some: list[dict]) -> dict | None:
        return {"id": some[0]["id"], "age": round((now - taken_at(some[0])).total_seconds())} if some else None

    return {"count": len(found), "newest": told_of(found), "proven": told_of([each for each in found if each["proven"]]),
            "schedule": schedule.report(ends, now), "damaged": folder.damaged(ends)}


def taken_at(found: dict) -> datetime:
    """The moment that a backup shows: when it began."""
    return datetime.fromisoformat(found["begun"])
