"""golang-migrate as its source describes it: its lock, and each file between its two statements for the version."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from slipway.data.migrations import files as migration_files
from slipway.data.migrations.files import Migration

NIL = -1
TABLE = "CREATE TABLE IF NOT EXISTS schema_migrations (version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL)"


@contextmanager
def session(stack) -> Iterator:
    """Its connection, as the migrating role: it makes its table where that is missing, and holds its lock."""
    with stack.connect("migrate") as conn:
        conn.execute("SELECT pg_advisory_lock(%s)", (migration_files.lock_key(stack.database),))
        conn.execute(TABLE)
        yield conn


def set_version(conn, version: int, dirty: bool) -> None:
    """At most one row, and none for the clean nil version."""
    with conn.transaction():
        conn.execute('TRUNCATE "public"."schema_migrations"')
        if version >= 0 or (version == NIL and dirty):
            conn.execute('INSERT INTO "public"."schema_migrations" (version, dirty) VALUES (%s, %s)', (version, dirty))


def run(stack, version: int, sql: str) -> None:
    """One file, which leaves the database at that version."""
    with session(stack) as conn:
        set_version(conn, version, True)
        conn.execute(sql)
        set_version(conn, version, False)


def files(stack) -> tuple[Migration, ...]:
    return migration_files.read(stack.folder / "migrations")[0]


def up(stack, file: Migration) -> None:
    run(stack, file.version, file.up.text())


def down(stack, file: Migration) -> None:
    """Its version is then the one before in the directory."""
    run(
        stack,
        max((each.version for each in files(stack) if each.version < file.version), default=NIL),
        file.down.text(),
    )
