"""The connection pool, and transactions that act as one user."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias, cast
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool

Connection: TypeAlias = AsyncConnection[DictRow]
Pool: TypeAlias = AsyncConnectionPool[Connection]

WAIT = 5.0  # seconds that a request waits for a connection before it is answered with 503
CANCEL = 5.0  # seconds that requests given up at a stop have to cancel their queries


@dataclass(frozen=True)
class Database:
    """The pool, and the tasks of the requests that are inside a transaction."""

    pool: Pool
    busy: set[asyncio.Task[Any]] = field(default_factory=set)


async def open_database(url: str) -> Database:
    """A database whose pool connects in the background: returns at once, with Postgres up or down."""
    database = Database(pool_for(url))
    await database.pool.open(wait=False)
    return database


async def close_database(database: Database) -> None:
    """Close the pool, after requests that were given up have cancelled their queries: a query that waits for a lock
    would otherwise stay in Postgres, in the way of the next migration, after this process has ended."""
    if database.busy:
        await asyncio.wait(set(database.busy), timeout=CANCEL)
    await database.pool.close()


def pool_for(url: str) -> Pool:
    """A pool for `url` that is not open yet."""
    options: dict[str, Any] = {
        "row_factory": dict_row,
        "application_name": "backend",
        "connect_timeout": int(WAIT),
        # Transaction poolers in front of an external database may not keep prepared statements.
        "prepare_threshold": None,
    }
    # A short reconnect_timeout: after it the pool gives up its growing pauses, and the next request tries anew.
    return AsyncConnectionPool(
        url,
        connection_class=Connection,
        kwargs=options,
        min_size=1,
        max_size=10,
        timeout=WAIT,
        reconnect_timeout=WAIT,
        check=AsyncConnectionPool.check_connection,
        open=False,
    )


@asynccontextmanager
async def acting_as(database: Database, user: UUID) -> AsyncIterator[Connection]:
    """A transaction that row level security sees as `user`; commits at the end, rolls back on an error."""
    task = cast("asyncio.Task[Any]", asyncio.current_task())  # a coroutine always runs in one
    database.busy.add(task)
    try:
        async with database.pool.connection() as connection:
            await connection.execute("SELECT set_config('app.user_id', %s, true)", [str(user)])
            yield connection
    finally:
        database.busy.discard(task)
