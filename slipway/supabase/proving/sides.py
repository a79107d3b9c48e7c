"""The project and the copy, each at one moment, in read-only sessions that several threads may have."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from slipway.data.endpoints import Endpoints
from slipway.data.postgres import connection, scratch
from slipway.data.restore import filling
from slipway.errors import GateError
from slipway.supabase import source

if TYPE_CHECKING:
    import psycopg

T = TypeVar("T")
MOST = 4  # sessions that read rows on each side
BEGIN = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
LOCAL = {
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "lock_timeout": "10s",
    "search_path": "",
    "jit": "off",
}


@dataclass(frozen=True)
class Side:
    """One database at one moment. `readers` are further sessions of that moment, for the rows."""

    conn: psycopg.Connection
    readers: tuple[psycopg.Connection, ...]


@contextmanager
def project(ends: Endpoints) -> Iterator[Side]:
    """The project, as `source.snapshot` opens it. Raises SettingsError and GateError as that does."""
    with source.snapshot(ends.supabase.db_url) as conn, ExitStack() as stack:
        yield side(conn, stack, lambda: source.open_source(ends.supabase.db_url))


@contextmanager
def copy(ends: Endpoints, database: str) -> Iterator[Side]:
    """That database of this stack, as whoever makes databases here."""
    with connection.told(GateError, f"database {database}"), ExitStack() as stack:
        conn = stack.enter_context(scratch.maker(ends, database))
        enter(conn)
        yield side(conn, stack, lambda: scratch.maker(ends, database))


def side(conn: psycopg.Connection, stack: ExitStack, connect: Callable[[], psycopg.Connection]) -> Side:
    name = conn.execute("SELECT pg_export_snapshot()").fetchone()[0]
    readers = [stack.enter_context(connect()) for _ in range(min(MOST, filling.jobs()))]
    for each in readers:
        enter(each, name)
    return Side(conn, tuple(readers))


def enter(conn: psycopg.Connection, snapshot: str = "") -> None:
    """Begins the read-only transaction, in the moment of another session where one is named."""
    from psycopg import sql

    conn.execute(BEGIN)
    if snapshot:
        conn.execute(sql.SQL("SET TRANSACTION SNAPSHOT {}").format(sql.Literal(snapshot)))
    for name, value in LOCAL.items():
        conn.execute(sql.SQL("SET LOCAL {} = {}").format(sql.Identifier(name), sql.Literal(value)))


def both(work: Callable[[Side], T], one: Side, other: Side) -> tuple[T, T]:
    """What the work gives on each side, at the same time."""
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.submit(work, one), pool.submit(work, other)
        return first.result(), second.result()
