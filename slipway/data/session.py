"""The database session that changes schema or data: as the owner, under the lock, one transaction per file."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from slipway.data import migrations, pg, sqltext
from slipway.data.endpoints import Endpoints
from slipway.errors import LockHeld, MigrationError

if TYPE_CHECKING:
    import psycopg

LOCK_INTERVAL = 0.2
LOCK_NOT_AVAILABLE = "55P03"


@contextmanager
def locked(ends: Endpoints, purpose: str) -> Iterator[psycopg.Connection]:
    """A session as the migrating role that holds golang-migrate's lock of this database until it is closed.

    The lock is polled: a session that waits inside pg_advisory_lock makes the holder's CREATE INDEX CONCURRENTLY
    wait for it in turn. Raises LockHeld with the holder after GATE_TIMEOUT seconds.
    """
    with pg.connect(ends.migrate_url, "MIGRATE_DATABASE_URL", purpose=purpose) as conn:
        with pg.told(MigrationError, f"database {conn.info.dbname}"):
            take_lock(conn, migrations.lock_key(conn.info.dbname), ends.gate_timeout)
            yield conn


def take_lock(conn: psycopg.Connection, key: int, patience: float) -> None:
    deadline = time.monotonic() + patience
    while not conn.execute("SELECT pg_try_advisory_lock(%s)", (key,)).fetchone()[0]:
        if time.monotonic() > deadline:
            raise LockHeld(f"migration lock of database {conn.info.dbname}", holder(conn, key),
                           f"the lock free within {patience:g} s", "./invoke status, then run the same command again")
        time.sleep(LOCK_INTERVAL)


def holder(conn: psycopg.Connection, key: int) -> str:
    """Who has the lock, as far as this role may see it."""
    row = conn.execute(
        "SELECT a.pid, coalesce(nullif(a.application_name, ''), 'unnamed'), a.usename, date_trunc('second', "
        "a.backend_start) FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE l.locktype = 'advisory' AND "
        "l.granted AND l.objsubid = 1 AND l.database = (SELECT oid FROM pg_database WHERE datname = "
        "current_database()) AND l.classid::bigint << 32 | l.objid::bigint = %s", (key,)).fetchone()
    return "held by process {} ({}, role {}, since {})".format(*row) if row else "held by another session"


def reset(conn: psycopg.Connection, ends: Endpoints) -> None:
    """Puts the session back to how a file must find it: role, search_path and timeouts, whatever a file before did."""
    from psycopg import sql
    conn.execute("RESET SESSION AUTHORIZATION")
    conn.execute("RESET ALL")
    conn.execute("DISCARD TEMP")
    if ends.database_owner:
        conn.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(ends.database_owner)))
    # The last one makes the server notice a killed runner in the middle of a long statement, and free the lock.
    conn.execute("SELECT set_config('lock_timeout', %s, false), set_config('statement_timeout', %s, false), "
                 "set_config('idle_in_transaction_session_timeout', '0', false), "
                 "set_config('client_connection_check_interval', '2s', false)",
                 (ends.lock_timeout, ends.statement_timeout))


def refuse_unfit(sql: str, label: str) -> None:
    """Raises MigrationError for a statement that cannot be run inside one transaction of ours, before anything is."""
    for statement in sqltext.statements(sql):
        where = f"{label}:{sqltext.place(sql, statement.start)}"
        if statement.ends_transaction():
            raise MigrationError(where, f"{statement.words[0]} in the file",
                                 "no BEGIN, COMMIT or ROLLBACK: each file is run in one transaction of its own",
                                 f"remove it from {label}")
        if statement.reads_client():
            raise MigrationError(where, "COPY FROM STDIN in the file", "INSERT, or a CSV file among the fixtures",
                                 f"edit {label}")


def run_file(conn: psycopg.Connection, sql: str, label: str) -> int:
    """Runs a file's statements inside the open transaction, as one simple query; returns the rows that they changed.

    Raises MigrationError with file, line and column, or when the transaction is not the same one afterwards.
    """
    before = conn.execute("SELECT pg_current_xact_id()::text").fetchone()[0]
    rows = simple_query(conn, sql, label)
    inside = conn.info.transaction_status.name == "INTRANS"
    after = conn.execute("SELECT pg_current_xact_id_if_assigned()::text").fetchone()[0] if inside else None
    if after != before:
        raise MigrationError(label, "the file ended the transaction that it was run in: parts of it may be in the "
                             "database, and it is not recorded as applied", "no COMMIT or ROLLBACK in a file",
                             "./invoke psql, compare, undo by hand, and remove the statement")
    return rows


def simple_query(conn: psycopg.Connection, sql: str, label: str) -> int:
    """Sends the text as it is, with no parameters, so that one message may hold many statements.

    Results are counted here and not by a cursor: an error without a position is placed at the statement after the
    last one that succeeded.
    """
    from psycopg import errors, generators, pq
    conn.pgconn.send_query(sql.encode())
    results = conn.wait(generators.execute(conn.pgconn))
    last = results[-1]
    if last.status == pq.ExecStatus.FATAL_ERROR:
        error = errors.error_from_result(last, encoding="utf-8")
        raise error if lost(conn, error) else sql_error(error, label + place_of(error, sql, len(results) - 1), label)
    if last.status in (pq.ExecStatus.COPY_IN, pq.ExecStatus.COPY_OUT):
        conn.close()
        raise MigrationError(label, "COPY to or from the client in the file", "SQL that needs no client",
                             f"edit {label}")
    return sum(result.command_tuples or 0 for result in results if not result.nfields)


def lost(conn: psycopg.Connection, error: psycopg.Error) -> bool:
    """Whether the session is over: the connection broke, or the server said 57P0x, that it is going down."""
    return conn.closed or (error.sqlstate or "").startswith("57P0")


def place_of(error: psycopg.Error, sql: str, done: int) -> str:
    """":line:column" of an error in a file of which `done` statements succeeded; the server counts characters."""
    if error.diag.statement_position:
        return ":" + sqltext.place(sql, int(error.diag.statement_position) - 1)
    known = sqltext.statements(sql)
    return ":" + sqltext.place(sql, known[done].start) if done < len(known) else ""


def sql_error(error: psycopg.Error, where: str, label: str) -> MigrationError:
    """The server's message, detail, hint and context as one sentence of ours."""
    diag = error.diag
    parts = [diag.message_primary or pg.reason(error), diag.message_detail, diag.message_hint, diag.context]
    found = "; ".join(re.sub(r"\s+", " ", part) for part in parts if part)
    if error.sqlstate == LOCK_NOT_AVAILABLE:
        return MigrationError(where, found, "every lock within LOCK_TIMEOUT, so that nobody queues behind this file; "
                              "nothing of it was kept", "./invoke status, then run the same command again")
    return MigrationError(where, found, "SQL that the server takes; nothing of this file was kept", f"edit {label}")


@contextmanager
def file_transaction(conn: psycopg.Connection, label: str) -> Iterator[None]:
    """BEGIN … COMMIT around one file; any error rolls all of it back. A lost server becomes a MigrationError."""
    import psycopg
    try:
        conn.execute("BEGIN")
        yield
        conn.execute("COMMIT")
    except psycopg.Error as error:
        if lost(conn, error):
            raise MigrationError(label, f"the server went away: {pg.reason(error)}",
                                 "the connection kept to the end; an unfinished file leaves nothing behind",
                                 "./invoke logs postgres, then run the same command again") from None
        raise sql_error(error, label, label) from None
    finally:
        if not conn.closed and conn.info.transaction_status.name in ("INTRANS", "INERROR"):
            conn.execute("ROLLBACK")
