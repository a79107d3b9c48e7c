"""The record of every release, one JSON file each, kept with the stack: what ran, who put it there, how it went.

Results: `running` while its deploy is under way, then `good`, `failed` (never served), `rolled_back` (served, then undone),
or `interrupted` (its deploy was killed and undone by the next one).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from slipway.data import records as state_records
from slipway.data.endpoints import Emit, Endpoints, need
from slipway.data.migrations import facts
from slipway.data.migrations import files as migration_files
from slipway.errors import MigrationError, SettingsError
from slipway.ops import image_retention
from slipway.ops.interface import Begin, Begun, Close, Closed, Gap, ListReleases, Newest, Release, Releases
from slipway.stack import accepts

NAME = re.compile(r"r(\d+)-[A-Za-z0-9.-]+")
Applied = Mapping[int, migration_files.Applied] | None


def folder(ends: Endpoints) -> Path:
    need(ends.state_dir, "STATE_DIR", "/var/lib/slipway")
    return ends.state_dir / "releases"


def every(ends: Endpoints) -> list[dict]:
    """All records, oldest first; a file that is no record is left out, as `observe` says."""
    if ends.state_dir is None:
        return []
    found = state_records.read_all(folder(ends))[0]
    return sorted((record for name, record in found.items() if NAME.fullmatch(name) and "id" in record), key=number)


def number(record: dict) -> int:
    return int(NAME.fullmatch(record["id"])[1])


def summary(ends: Endpoints) -> Newest:
    """The newest record and the last good one, for the plan; None where there is none."""
    records = every(ends)
    return Newest(records[-1] if records else None, last_good(records))


def last_good(records: list[dict], besides: str = "") -> dict | None:
    return next(
        (record for record in reversed(records) if record["result"] == "good" and record["id"] != besides), None
    )


def list_releases(ends: Endpoints, args: ListReleases, emit: Emit) -> Releases:
    """The newest records, newest first."""
    return Releases(tuple(every(ends)[::-1][: args.limit]))


def begin(ends: Endpoints, args: Begin, emit: Emit) -> Begun:
    """Opens a record from what is known (colour, image, config, revision, …).

    Where the newest release is good, has the same config, and no migration is pending, that one goes on, unless `again`
    says otherwise: a schema that moves is a release too, with a backup of its own and somebody who moved it. Raises
    MigrationError where the image says that it does not read the schema as it will be.
    """
    records, applied = every(ends), history(ends)
    given = dict(args.record)
    refuse_schema(ends, given, applied)
    if not args.again and records and goes_on(records[-1], given) and not has_pending_migrations(ends, applied):
        return Begun(records[-1], False)
    version = newest(applied)
    for left in records:
        # Whoever begins holds the lock: no other deploy is under way.
        if left["result"] == "running":
            state_records.write(folder(ends), left["id"], left | {"result": "interrupted"} | schema(applied))
    identity = f"r{(number(records[-1]) if records else 0) + 1:04}-{given.get('revision') or 'none'}"
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
    state_records.write(folder(ends), identity, record)
    return Begun(record, True)


def refuse_schema(ends: Endpoints, given: dict, applied: Applied) -> None:
    """A rollback is measured by the record of the release that it brings back (`gap`), which may say more."""
    declared = accepts.parse(given.get("accepts") or "", given["image"])
    if declared is None or "target" in given:
        return
    files = {each.version for each in migration_files.read(ends.migrations_dir)[0] if each.up}
    after = max(files | set(applied or ()), default=None)
    if not declared.reads(after):
        raise MigrationError(
            f"image {given['image']}",
            f"its label {accepts.LABEL} says {given['accepts']}, and the schema will be at {after or 'nothing'}",
            "an image that reads the schema which it is deployed with",
            f"mend the LABEL {accepts.LABEL} in its Dockerfile, or the migrations that come with it",
        )


def goes_on(last: dict, given: dict) -> bool:
    """Whether what is given is the last release once more."""
    return last["result"] == "good" and last["config"] == given["config"]


def has_pending_migrations(ends: Endpoints, applied: Applied) -> bool:
    """Whether there are migrations that the database has not had; not where it could not be asked."""
    return applied is not None and bool(
        migration_files.find_pending(migration_files.read(ends.migrations_dir)[0], applied)
    )


def close(ends: Endpoints, args: Close, emit: Emit) -> Closed:
    """Ends a record with facts (result, steps, seconds, error) and says which images nobody can go back to any more."""
    record = next((record for record in every(ends) if record["id"] == args.id), None)
    if record is None:
        raise SettingsError("release", args.id, "a release that is on record", "./invoke history")
    # Whatever came of it: a release that failed after its migrations has moved the schema all the same.
    record |= dict(args.facts) | schema(history(ends))
    state_records.write(folder(ends), record["id"], record)
    return Closed(record, tuple(image_retention.find_superfluous(every(ends), args.keep)))


def history(ends: Endpoints) -> Applied:
    """The migrations that the database has had, by number; None where it could not be asked."""
    return facts.look(ends)[1]


def newest(applied: Applied) -> int | None:
    return max(applied, default=None) if applied else None


def schema(applied: Applied) -> dict:
    """What a record says of the schema after its release; nothing where the database could not be asked."""
    return {} if applied is None else {"schema_after": newest(applied)}


def gap(ends: Endpoints, args: Release, emit: Emit) -> Gap:
    """Why a release cannot read the schema as it is now, if it cannot."""
    record = next((record for record in every(ends) if record["id"] == args.id), None)
    if record is None:
        raise SettingsError("release", args.id, "a release that is on record", "./invoke history")
    needs, applied = record.get("schema_after"), history(ends) or {}
    now, declared = newest(applied), accepts.parse(record.get("accepts") or "", record["image"])
    if declared.reads(now) if declared else needs in (now, None):
        return Gap("", (), None)
    if declared:
        reason = f"its image reads schema {record['accepts']}, the database is at {now or 'nothing'}"
        moved = beyond(ends, applied, declared.high) if declared.high is not None else []
    elif now is None or now < needs:
        reason, moved = f"it needs schema {needs}, the database is at {now or 'nothing'}", []
    else:
        moved = incompatible(ends, [applied[version] for version in sorted(applied) if version > needs])
        reason = f"the schema has moved from {needs} to {now}" if moved else ""
    return Gap(reason, tuple(moved), next_backup(ends, record) if moved else None)


def beyond(ends: Endpoints, applied: Mapping[int, migration_files.Applied], last: int) -> list[str]:
    """The applied migrations after version `last`, as messages call them."""
    files = {each.version: each.label for each in migration_files.read(ends.migrations_dir)[0]}
    return [files.get(version) or f"{version}_{applied[version].name}" for version in sorted(applied) if version > last]


def incompatible(ends: Endpoints, later: list[migration_files.Applied]) -> list[str]:
    """Those of the applied migrations that nobody has marked as compatible, as messages call them.

    The file decides, since the mark may be set afterwards; where it is not there, what the database was told with it.
    """
    files = {each.version: each for each in migration_files.read(ends.migrations_dir)[0]}
    return [
        files[row.version].label if row.version in files else f"{row.version}_{row.name}, which has no file here"
        for row in later
        if not ("compatible" in files[row.version].directives if row.version in files else row.compatible)
    ]


def next_backup(ends: Endpoints, record: dict) -> str | None:
    """The backup that was taken before the first release after this one, or else the newest with its schema.

    None where neither is there any more.
    """
    from slipway.data.backups import folder

    there = [each for each in folder.list_backups(ends) if "database" in each["parts"]] if ends.backup_dir else []
    alike = [each["id"] for each in there if each["schema_version"] == record["schema_after"]]
    later = [each["backup"] for each in every(ends) if number(each) > number(record) and each.get("backup")]
    kept = [identity for identity in later[:1] if any(each["id"] == identity for each in there)]
    return (*kept, *alike, None)[0]
