"""The database session that changes schema or data: as the owner, under the lock, one transaction per file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from slipway.data.endpoints import Endpoints
from slipway.data.migrations import files, history, lock
from slipway.data.postgres import connection
from slipway.data.sql import check, execute
from slipway.errors import MigrationError

if TYPE_CHECKING:
    import psycopg


# RESET ALL goes back to what the database said when a session began. Where a file has said otherwise since, by ALTER
# DATABASE or ROLE … SET search_path, the next one finds what a new session would: here, until the session is closed.
PATHS: WeakKeyDictionary[psycopg.Connection, str] = WeakKeyDictionary()
PATH = """
SELECT substr(each, 13) FROM pg_db_role_setting, unnest(setconfig) each WHERE each LIKE 'search_path=%'
    AND setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
    AND setrole IN (0, (SELECT oid FROM pg_roles WHERE rolname = session_user))
    AND (SELECT source FROM pg_settings WHERE name = 'search_path') <> 'client'
ORDER BY setrole = 0, setdatabase = 0 LIMIT 1
"""


@contextmanager
def open_locked_session(
    ends: Endpoints, purpose: str, tell: Callable[[str], None] = lambda text: None
) -> Iterator[psycopg.Connection]:
    """A session as the migrating role that holds golang-migrate's lock of this database until it is closed.

    The lock is polled: a session that waits inside pg_advisory_lock makes the holder's CREATE INDEX CONCURRENTLY
    wait for it in turn. Raises LockHeld with the holder after GATE_TIMEOUT seconds.
    """
    with connection.connect(ends.migrate_url, "MIGRATE_DATABASE_URL", purpose=purpose) as conn:
        with connection.told(MigrationError, f"database {conn.info.dbname}"):
            lock.refuse_pooler(conn, ends)
            lock.take(conn, files.lock_key(conn.info.dbname), ends.gate_timeout, tell)
            yield conn


def reset_statements(conn: psycopg.Connection, ends: Endpoints) -> tuple[str, ...]:
    """What puts the session back to how a file must find it: role, search_path and timeouts."""
    return reset_calls(
        ends.database_owner, ends.lock_timeout, ends.statement_timeout, connection.timeouts(conn), PATHS.get(conn, "")
    )


@cache
def reset_calls(
    owner: str, lock_timeout: str, statement_timeout: str, none: tuple[str, ...], path: str = ""
) -> tuple[str, ...]:
    settings = dict.fromkeys(none, "0") | {
        "lock_timeout": lock_timeout,
        "statement_timeout": statement_timeout,
        # Makes the server notice a killed runner in the middle of a long statement, and free the lock.
        "client_connection_check_interval": "2s",
        **({"search_path": path} if path else {}),
    }
    calls = (f"pg_catalog.set_config('{name}', {connection.literal(value)}, false)" for name, value in settings.items())
    return (
        "RESET SESSION AUTHORIZATION",
        "RESET ALL",
        "DISCARD TEMP",
        *([f"SET ROLE {connection.identifier(owner)}"] if owner else []),
        f"SELECT {', '.join(calls)}",
    )


def reset(conn: psycopg.Connection, ends: Endpoints) -> None:
    """Puts the session back, whatever a file before did."""
    conn.execute("; ".join(reset_statements(conn, ends)))


def learn_path(conn: psycopg.Connection, ends: Endpoints) -> None:
    """Finds out which search_path a new session would have, after a file that may have changed that."""
    reset(conn, ends)
    row = conn.execute(PATH).fetchone()
    PATHS.pop(conn, "")
    if row:
        PATHS[conn] = row[0]


def flush(conn: psycopg.Connection, ends: Endpoints) -> None:
    """Writes golang-migrate's row anew: its COMMIT waits for the disk, and so for all that was committed before."""
    import psycopg

    same = "UPDATE public.schema_migrations SET dirty = dirty; "
    # It comes after a failure, which is what has to be told: a server that is gone has flushed what it could.
    with suppress(psycopg.Error):
        conn.execute("BEGIN; " + history.own_statements(ends) + history.disk(True) + same + "COMMIT")


def refuse_unfit(sql: str, label: str, database: str = "") -> None:
    """Raises MigrationError for what cannot be run inside one transaction of ours, before anything is."""
    check.refuse_unfit((sql.encode(),), label, database)


def run_file(conn: psycopg.Connection, sql: str, label: str) -> int:
    """`run_stream` of a text that is short enough to be held."""
    return run_stream(conn, (sql.encode(),), label)


def run_stream(
    conn: psycopg.Connection, chunks: Iterable[bytes], label: str, tell: Callable[[int], None] = lambda done: None
) -> int:
    """Runs a file of any size inside the open transaction, COPY data included; returns the rows that it changed.

    `tell` hears how many bytes have been read. Raises MigrationError with file, line and column, or when the
    transaction is not the same one afterwards.
    """
    before = conn.execute("SELECT pg_current_xact_id()::text").fetchone()[0]
    rows = sum(
        execute.send(conn, piece, label)
        for piece in check.check_pieces(count_bytes(chunks, tell), label, conn.info.dbname)
    )
    inside = conn.info.transaction_status.name == "INTRANS"
    after = conn.execute("SELECT pg_catalog.pg_current_xact_id_if_assigned()::text").fetchone()[0] if inside else None
    if after != before:
        raise ended_inside(label)
    return rows


def count_bytes(chunks: Iterable[bytes], tell: Callable[[int], None]) -> Iterator[bytes]:
    done = 0
    for chunk in chunks:
        done += len(chunk)
        yield chunk
        tell(done)


def ended_inside(label: str) -> MigrationError:
    return MigrationError(
        label,
        "the file ended the transaction that it was run in: parts of it may be in the "
        "database, and it is not recorded as applied",
        "no COMMIT or ROLLBACK in a file",
        "./invoke psql, compare, undo by hand, and remove the statement",
    )


@contextmanager
def guarded_inside(conn: psycopg.Connection, label: str) -> Iterator[None]:
    """Around a part of a file's transaction: what the database refuses, or a lost server, becomes a MigrationError."""
    import psycopg

    try:
        yield
    except psycopg.Error as error:
        if execute.is_session_lost(conn, error):
            raise execute.gone_error(label, error) from None
        raise execute.sql_error(error, label, label) from None


@contextmanager
def guard_transaction(conn: psycopg.Connection, label: str) -> Iterator[None]:
    """Guards all of one file's transaction in the same way; any error rolls all of it back."""
    try:
        with guarded_inside(conn, label):
            yield
    finally:
        if not conn.closed and conn.info.transaction_status.name in ("INTRANS", "INERROR"):
            conn.execute("ROLLBACK")


def commit(conn: psycopg.Connection, label: str, before: str = "") -> None:
    """Sends COMMIT, after the statements `before`. A server lost now may have committed or not, and that is said."""
    import psycopg

    try:
        conn.execute(before + "COMMIT")
    except psycopg.Error as error:
        if execute.is_session_lost(conn, error):
            raise execute.gone_error(label, error, committing=True) from None
        raise


@contextmanager
def file_transaction(conn: psycopg.Connection, label: str) -> Iterator[None]:
    """BEGIN … COMMIT around one file, guarded."""
    with guard_transaction(conn, label):
        conn.execute("BEGIN")
        yield
        commit(conn, label)
