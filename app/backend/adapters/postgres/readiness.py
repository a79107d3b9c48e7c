"""Whether Postgres answers."""

from __future__ import annotations

import psycopg

from backend.domain.readiness import DEADLINE, Check


def postgres_check(url: str) -> Check:
    """SELECT 1 on a connection of its own: a pool hides why it cannot connect, and answers late when it cannot."""

    async def check() -> None:
        async with await psycopg.AsyncConnection.connect(
            url, autocommit=True, application_name="backend-ready", connect_timeout=int(DEADLINE)
        ) as connection:
            await connection.execute("SELECT 1")

    return check
