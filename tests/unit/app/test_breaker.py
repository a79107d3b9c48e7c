"""While Postgres is away, requests are told at once: one at a time finds out whether it is back."""

from __future__ import annotations

import asyncio
import socket
from uuid import UUID

import pytest
from backend.adapters.postgres.pool import PostgresDatabase, database_at
from backend.domain.callers import Caller
from backend.domain.errors import Unavailable

CALLER = Caller(UUID(int=1), None, "authenticated", {})


async def ask(database: PostgresDatabase) -> None:
    """A transaction of somebody's."""
    async with database.acting_as(CALLER):
        pass


async def two_at_once(url: str) -> tuple[bool, bool]:
    """Whether the second request was refused while the first was still trying, and the first in the end."""
    database = database_at(url)
    await database.open()
    try:
        with pytest.raises(Unavailable):
            await ask(database)  # after this the breaker is open
        first = asyncio.create_task(ask(database))
        while not database.breaker.probing:
            await asyncio.sleep(0)
        with pytest.raises(Unavailable):
            await ask(database)
        early = not first.done()
        with pytest.raises(Unavailable):
            await first
        return early, not database.breaker.probing
    finally:
        await database.close()


def test_one_request_at_a_time_waits_for_postgres_and_the_others_do_not() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # and nobody listens
        url = f"postgresql://app:secret@127.0.0.1:{closed.getsockname()[1]}/shop"
        assert asyncio.run(two_at_once(url)) == (True, True)
