"""The record of every release, one JSON file each, kept with the stack: what ran, who put it there, how it went.

Results: `running` while its deploy is under way, then `good`, `failed` (never served), `rolled_back` (served, then undone),
or `interrupted` (its deploy was killed and undone by the next one).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from slipway.data import migrations, state
from slipway.data.endpoints import Emit, Endpoints, need
from slipway.errors import SettingsError

NAME = re.compile(r"r(\d+)-[A-Za-z0-9.-]+")
COMPATIBLE = re.compile(r"--\s*slipway:.*\bcompatible\b")
SHOWN = 50


def folder(ends: Endpoints) -> Path:
    need(ends.state_dir, "STATE_DIR", "/var/lib/slipway")
    return ends.state_dir / "releases"


def every(ends: Endpoints) -> list[dict]:
    """All records, oldest first; a file that is no record is left out, as `observe` says."""
    if ends.state_dir is None:
        return []
    found = state.read_all(folder(ends))[0]
    return sorted((record for name, record in found.items() if NAME.fullmatch(name) and "id" in record), key=number)


def number(record: dict) -> int:
    return int(NAME.fullmatch(record["id"])[1])


def summary(ends: Endpoints) -> dict:
    """The newest record and the last good one, for the plan; None where there is none."""
    records = every(ends)
    return {"newest": records[-1] if records else None, "good": last_good(records)}


def last_good(records: list[dict], besides: str = "") -> dict | None:
    return next(
        (record for record in reversed(records) if record["result"] == "good" and record["id"] != besides), None
    )


def listing(ends: Endpoints, args: dict, emit: Emit) -> dict:
    """{"releases": the newest records, newest first, at most `limit`}."""
    return {"releases": every(ends)[::-1][: int(args.get("limit", SHOWN))]}


def begin(ends: Endpoints, args: dict, emit: Emit) -> dict:
    """Opens a record from `record` (colour, image, config, revision, …): {"record", "new"}.

    Where the newest release is good and has the same config, that one goes on, unless `again` says otherwise.
    """
    records = every(ends)
    given = dict(args["record"])
    if (
        not args.get("again")
        and records
        and records[-1]["result"] == "good"
        and records[-1]["config"] == given["config"]
    ):
        return {"record": records[-1], "new": False}
    for left in records:
        # Whoever begins holds the lock: no other deploy is under way.
        if left["result"] == "running":
            state.write(folder(ends), left["id"], left | {"result": "interrupted"})
    identity = f"r{(number(records[-1]) if records else 0) + 1:04}-{given.get('revision') or 'none'}"
    version = schema_now(ends)[1]
    record = (
        {"backup": None, "schema_after": version, "steps": {}, "error": None}
        | given
        | {
            "id": identity,
            "result": "running",
            "when": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "schema_before": version,
        }
    )
    state.write(folder(ends), identity, record)
    return {"record": record, "new": True}


def close(ends: Endpoints, args: dict, emit: Emit) -> dict:
    """Ends record `id` with `facts` (result, steps, seconds, error) and says which images nobody can go back to any more.

    `keep` is how many good releases stay available. Returns {"record", "images"}.
    """
    record = next((record for record in every(ends) if record["id"] == args["id"]), None)
    if record is None:
        raise SettingsError("release", str(args["id"]), "a release that is on record", "./invoke history")
    record |= dict(args["facts"])
    asked, version = schema_now(ends)
    if record["result"] == "good" and asked:
        record["schema_after"] = version
    state.write(folder(ends), record["id"], record)
    return {"record": record, "images": superfluous(every(ends), int(args.get("keep", 5)))}


def superfluous(records: list[dict], keep: int) -> list[str]:
    """Images of releases that are neither among the last `keep` good ones nor running."""
    good = [record for record in records if record["result"] == "good"]
    kept = {
        name for record in (*good[-keep:], *(r for r in records if r["result"] == "running")) for name in names(record)
    }
    gone = {name for record in records for name in names(record)} - kept
    # Tags first: they are what people know an image by, and the last of its tags takes the image along.
    return sorted(gone, key=lambda name: ("sha256:" in name, name))


def names(record: dict) -> set[str]:
    """What an image may be called by: its tag, which may go on to another image, and its own id and digest."""
    return {record[key] for key in ("image", "image_id", "digest") if record.get(key)}


def schema_now(ends: Endpoints) -> tuple[bool, int | None]:
    """Whether the database could be asked, and its newest applied migration, or None where there is none."""
    from slipway.data import observe

    history = observe.look(ends)[1]
    return history is not None, max(history, default=None) if history else None


def gap(ends: Endpoints, args: dict, emit: Emit) -> dict:
    """Why release `id` cannot read the schema as it is now: {"reason", "migrations": [files]}; an empty reason if it can."""
    record = next((record for record in every(ends) if record["id"] == args["id"]), None)
    if record is None:
        raise SettingsError("release", str(args["id"]), "a release that is on record", "./invoke history")
    accepts, now = record.get("schema_after"), schema_now(ends)[1]
    if accepts == now or accepts is None:
        return {"reason": "", "migrations": [], "backup": record.get("backup")}
    if now is None or now < accepts:
        return {
            "reason": f"it needs schema {accepts}, the database is at {now or 'nothing'}",
            "migrations": [],
            "backup": None,
        }
    later = [each for each in migrations.read(ends.migrations_dir)[0] if accepts < each.version <= now]
    moved = [each.label for each in later if not compatible(each.sql)]
    known = {each.version for each in later}
    reason = f"the schema has moved from {accepts} to {now}" if moved or not known else ""
    return {"reason": reason, "migrations": moved, "backup": next_backup(ends, record)}


def next_backup(ends: Endpoints, record: dict) -> str | None:
    """The backup that was taken before the first release after this one, or else the newest with its schema."""
    from slipway.data.backups import folder

    later = [each for each in every(ends) if number(each) > number(record) and each.get("backup")]
    there = [each for each in folder.listed(ends) if "database" in each["parts"]] if ends.backup_dir else []
    alike = [each["id"] for each in there if each["schema_version"] == record["schema_after"]]
    return later[0]["backup"] if later else alike[0] if alike else None


def compatible(sql: str) -> bool:
    """Whether the comment lines at the head of a migration say that the release before it can live with it."""
    for line in sql.splitlines():
        if line.strip() and not line.lstrip().startswith("--"):
            return False
        if COMPATIBLE.match(line.strip()):
            return True
    return False
