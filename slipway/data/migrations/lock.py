"""golang-migrate's advisory lock, polled, and the poolers that cannot keep it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from slipway.data.endpoints import Endpoints
from slipway.data.postgres import connection
from slipway.errors import LockHeld, MigrationError

if TYPE_CHECKING:
    import psycopg

INTERVAL = 0.2
HOLDER = """
SELECT a.pid, coalesce(nullif(a.application_name, ''), 'unnamed'), a.usename, date_trunc('second', a.backend_start)
FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
AND l.classid::bigint << 32 | l.objid::bigint = %s
"""


def take(conn: psycopg.Connection, key: int, patience: float, tell: Callable[[str], None] = lambda text: None) -> None:
    """Takes the lock of that key. Raises LockHeld with the holder after `patience` seconds; `tell` hears of a wait."""
    deadline, told = time.monotonic() + patience, False
    while not conn.execute("SELECT pg_try_advisory_lock(%s)", (key,)).fetchone()[0]:
        if time.monotonic() > deadline:
            raise LockHeld(
                f"migration lock of database {conn.info.dbname}",
                holder(conn, key),
                f"the lock free within {patience:g} s",
                "./invoke status, then run the same command again",
            )
        if not told:
            tell(f"waiting for the migration lock, {holder(conn, key)}")
            told = True
        time.sleep(INTERVAL)


def holder(conn: psycopg.Connection, key: int) -> str:
    """Who has the lock, as far as this role may see it: as itself, for it may be set to act as the owner."""
    with conn.transaction():
        conn.execute("SET LOCAL ROLE NONE")
        row = conn.execute(HOLDER, (key,)).fetchone()
    return "held by process {} ({}, role {}, since {})".format(*row) if row else "held by another session"


def refuse_pooler(conn: psycopg.Connection, ends: Endpoints) -> None:
    """Raises MigrationError when a pooler gives each transaction another session, before a lock is stranded there.

    A pooler shows itself by a process id at connecting that is not the server's. In transaction mode a second client
    is given the very session that the first one has just used; in session mode never, and all is well.
    """
    if backend(conn) == conn.info.backend_pid:
        return
    with connection.connect(ends.migrate_url, "MIGRATE_DATABASE_URL", purpose="slipway pooler check") as other:
        first, second = {backend(conn) for _ in range(3)}, {backend(other)}
        first |= {backend(conn)}
    if len(first) > 1 or first & second:
        raise MigrationError(
            "MIGRATE_DATABASE_URL",
            "leads to a connection pooler in transaction mode (such as "
            "PgBouncer): it gives every transaction another session, so that neither the migration "
            "lock nor a setting lasts",
            "the server's own address, or a pooler in session mode",
            "set MIGRATE_DATABASE_URL in .env to the direct URL of the database",
        )


def backend(conn: psycopg.Connection) -> int:
    return conn.execute("SELECT pg_backend_pid()").fetchone()[0]
