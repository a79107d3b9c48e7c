"""The pool of connections, and whether Postgres lets new ones in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from psycopg import AsyncConnection, OperationalError
from psycopg_pool import AsyncConnectionPool

Connection: TypeAlias = AsyncConnection[Any]
Pool: TypeAlias = AsyncConnectionPool[Connection]

WAIT = 5.0  # seconds that a request waits for a connection before it is answered with 503
KNOCK = 2.0  # the same, once an attempt to connect has failed


@dataclass
class Door:
    """Whether Postgres lets in: the last attempt to connect failed, a request is trying, connections that are in use."""

    shut: bool = False
    knocking: bool = False
    inside: int = 0


def knocking_at(door: Door) -> type[Connection]:
    """A class of connections that tell `door` whether they came through."""

    class Knocking(AsyncConnection[Any]):
        @classmethod
        async def connect(cls, conninfo: str = "", **more: Any) -> Any:
            try:
                made = await super().connect(conninfo, **more)
            except OperationalError:
                door.shut = True
                raise
            door.shut = False
            return made

    return Knocking


def pool_for(url: str, connection_class: type[Connection] = AsyncConnection) -> Pool:
    """A pool for `url` that is not open yet."""
    options: dict[str, Any] = {
        "application_name": "backend",
        "connect_timeout": int(WAIT),
        # Transaction poolers in front of an external database may not keep prepared statements.
        "prepare_threshold": None,
    }
    # A short reconnect_timeout: after it the pool gives up its growing pauses, and the next request tries anew.
    return AsyncConnectionPool(
        url,
        connection_class=connection_class,
        kwargs=options,
        min_size=1,
        max_size=10,
        timeout=WAIT,
        reconnect_timeout=WAIT,
        open=False,
    )
