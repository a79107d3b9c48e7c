"""What a restore would do, before it does it: how old the backup is, and what the live database has had since."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from slipway.data.backups import fingerprint, folder, verify
from slipway.data.endpoints import Emit, Endpoints
from slipway.data.postgres import connection, scratch
from slipway.data.restore import swap
from slipway.data.restore.interface import Differing, Kept, Looked, Migration, Source
from slipway.errors import BackupError, GateError, VerificationError
from slipway.stack import stores

if TYPE_CHECKING:
    from pathlib import Path

    import psycopg

EXACT = 256 * 2**20  # bytes of a database whose rows are counted for the question; of a larger one, estimated


def look(ends: Endpoints, args: Source, emit: Emit) -> Looked:
    """What restoring a backup would replace; changes nothing.

    Raises BackupError for an unknown id, VerificationError naming each file that is not what was written.
    """
    path = choose_backup(ends, args)
    found = whole(path)
    begun = datetime.fromisoformat(found["begun"])
    live = scratch.database_of(ends)
    told = partial(
        Looked,
        found["id"],
        found["label"],
        found["begun"],
        age_s=round((datetime.now(UTC) - begun).total_seconds()),
        environment=found["environment"],
        stack=found["stack"],
        database=live,
        objects=bool(found["objects"]),
        whole=tuple(name for name in stores.WHOLE if found.get(name)),
        has_database="database.dump" in found["files"],
    )
    return compare(ends, live, found, told)


def choose_backup(ends: Endpoints, args: Source) -> Path:
    """The directory of the backup that is meant. Raises BackupError for one that is not there."""
    from pathlib import Path

    return Path(args.folder) if args.folder else folder.find(ends, args.id)


def whole(path: Path) -> dict:
    """The manifest of a backup whose every file is as it was written. Raises VerificationError that names those that
    are not."""
    problems = verify.problems(path)
    if problems:
        raise VerificationError(
            f"backup {path.name}",
            problems[0],
            "files as they were written",
            "./invoke backups.list, and choose another one",
            tuple(problems[1:]),
        )
    return folder.read(path)


def compare(ends: Endpoints, live: str, then: dict, told: Callable[..., Looked]) -> Looked:
    """The live database beside the manifest; where it cannot be asked, there is nothing to compare."""
    try:
        with scratch.maker(ends, live) as conn, connection.told(BackupError, f"database {live}"):
            conn.execute("SET statement_timeout = '60s'")
            exact = conn.execute("SELECT pg_database_size(current_database())").fetchone()[0] < EXACT
            rows = count_rows(conn) if exact else estimate_rows(conn)
            return told(
                live=live,
                exact=exact,
                tables=find_differing(then["tables"], rows),
                migrations=newer(conn, then.get("schema_version")),
                kept=tuple(Kept(name, size) for name, size in swap.list_kept(conn, live)),
            )
    except GateError:
        return told(live=None, exact=True, tables=(), migrations=(), kept=())


def count_rows(conn: psycopg.Connection) -> dict[str, int]:
    names = [name for name, *_ in fingerprint.tables(conn)]
    fingerprint.settle(conn)
    return {name: conn.execute(fingerprint.count(name)).fetchone()[0] for name in names}


def estimate_rows(conn: psycopg.Connection) -> dict[str, int]:
    """How many rows each table has, as the statistics have it."""
    seen = dict(conn.execute("SELECT relid::bigint, n_live_tup FROM pg_stat_all_tables").fetchall())
    return {name: seen.get(oid, 0) for name, oid, _ in fingerprint.tables(conn)}


def find_differing(then: dict, rows: dict[str, int]) -> tuple[Differing, ...]:
    """Tables with another number of rows, those that lose the most first; of migrations, `newer` tells."""
    found = [
        Differing(name, then.get(name, {}).get("rows"), rows.get(name))
        for name in then.keys() | rows.keys()
        if then.get(name, {}).get("rows") != rows.get(name) and not name.startswith("slipway.")
    ]
    return tuple(sorted(found, key=lambda each: ((each.then or 0) - (each.now or 0), each.table)))


def newer(conn: psycopg.Connection, then: int | None) -> tuple[Migration, ...]:
    """The migrations that the live database has had since; they are pending again afterwards."""
    if conn.execute("SELECT to_regclass('slipway.history')").fetchone() == (None,):
        return ()
    rows = conn.execute(
        "SELECT version, name FROM slipway.history WHERE version > %s ORDER BY version", (-1 if then is None else then,)
    ).fetchall()
    return tuple(Migration(version, name) for version, name in rows)
