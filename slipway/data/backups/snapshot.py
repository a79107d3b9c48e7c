"""One moment of the database, held still: what pg_dump writes and what is counted is of the same moment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from slipway.data.backups import fingerprint, source
from slipway.data.backups.source import Source
from slipway.data.postgres import connection
from slipway.errors import BackupError

if TYPE_CHECKING:
    import psycopg

BEGIN = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
NUMBERED = "SELECT {}, * FROM ({}) AS one"
TRIES = 20
LOCKED, COUNTED = 500, 50  # tables in one statement
# Where definitions come from. pg_dump asks the server for the text of many of them, and the server answers with what
# is now, not with what was at the snapshot: for a function that was dropped meanwhile with nothing, and no error.
CATALOGS = (
    "pg_attrdef",
    "pg_class",
    "pg_constraint",
    "pg_enum",
    "pg_index",
    "pg_namespace",
    "pg_policy",
    "pg_proc",
    "pg_rewrite",
    "pg_trigger",
    "pg_type",
)
VERSIONS = "SELECT tableoid::bigint, {key}::bigint, xmin::text::bigint FROM {catalog} WHERE {key} >= 16384"
OURS = {
    "pg_class": " AND relpersistence <> 't'",
    "pg_type": " AND typnamespace NOT IN (SELECT oid FROM pg_namespace WHERE nspname ~ '^pg_(toast_)?temp_')",
}


class Moved(BackupError):
    """The schema changed under the backup; it may be taken again."""


@dataclass(frozen=True)
class Snapshot:
    """The name under which others take part in this moment, its tables (name, oid, bytes), and its definitions."""

    conn: psycopg.Connection
    name: str
    tables: list[tuple[str, int, int]]
    definitions: frozenset[tuple[int, int, int]]


@contextmanager
def open_snapshot(way: Source) -> Iterator[Snapshot]:
    """A snapshot in which no table can be dropped, truncated or altered until the block ends."""
    where = way.called or f"database {way.database}"
    with connection.told(BackupError, where, way.mend), source.connect(way) as conn:
        tables = lock_tables(conn, way.without)
        fingerprint.settle(conn)
        name = conn.execute("SELECT pg_export_snapshot()").fetchone()[0]
        yield Snapshot(conn, name, tables, definitions(conn))


def lock_tables(conn: psycopg.Connection, without: Sequence[str] = ()) -> list[tuple[str, int, int]]:
    """Begins the transaction with a lock on every table, before its snapshot is taken; returns the tables.

    A TRUNCATE after the snapshot would show it an empty table, and a DROP none: what runs now is waited for, what
    comes later waits. Where the server has no room for so many locks, pg_dump's own have to do. Raises Moved when
    tables come and go faster than they can be locked.
    """
    from psycopg import errors

    gone = ""
    for attempt in range(TRIES):
        names = {name for name, _, _ in fingerprint.tables(conn, without)}
        conn.execute(BEGIN)
        try:
            for some in parts([f"ONLY {name}" for name in sorted(names)], LOCKED):
                conn.execute(f"LOCK TABLE {', '.join(some)} IN ACCESS SHARE MODE")
            found = fingerprint.tables(conn, without)
            if names >= {name for name, _, _ in found}:
                return found
        except (errors.UndefinedTable, errors.InvalidSchemaName) as error:
            gone = f": {connection.reason(error)}"  # between the list and the lock; the next list lacks it
        except errors.LockNotAvailable:
            if attempt:
                raise
        except errors.OutOfMemory:
            conn.execute(f"ROLLBACK; {BEGIN}")
            return fingerprint.tables(conn, without)
        conn.execute("ROLLBACK")
    raise Moved(
        f"database {conn.info.dbname}", f"tables come and go all the time{gone}", "tables that stay for a moment", ""
    )


def definitions(conn: psycopg.Connection) -> frozenset[tuple[int, int, int]]:
    """Every definition that is not the system's, as (catalog, object, version): two looks are compared."""
    forms = (
        VERSIONS.format(key="indexrelid" if catalog == "pg_index" else "oid", catalog=catalog) + OURS.get(catalog, "")
        for catalog in CATALOGS
    )
    return frozenset(conn.execute(" UNION ALL ".join(forms)).fetchall())


def parts(items: list, size: int) -> Iterator[list]:
    return (items[at : at + size] for at in range(0, len(items), size))


def count_tables(taken: Snapshot, contents: bool) -> dict[str, dict]:
    """{"rows", "hash"} of every table by name; the hash is None unless `contents` are asked for.

    Each group is rolled back to a savepoint: counting locks indexes too, and thousands of locks would be kept.
    """
    names = [name for name, _, _ in taken.tables]
    if contents:
        queries = fingerprint.queries(taken.conn, names)
    else:
        queries = {name: fingerprint.count(name) for name in names}
        # Alone it is quicker than the dump of the same rows; more workers would only take the processor from others.
        taken.conn.execute("SET max_parallel_workers_per_gather = 0")
    found: dict[str, dict] = {}
    for some in parts(names, COUNTED):
        asked = " UNION ALL ".join(NUMBERED.format(at, queries[name]) for at, name in enumerate(some))
        with taken.conn.transaction(force_rollback=True):
            for at, rows, digest in taken.conn.execute(asked).fetchall():
                found[some[at]] = {"rows": rows, "hash": digest}
    return {name: found[name] for name in names}
