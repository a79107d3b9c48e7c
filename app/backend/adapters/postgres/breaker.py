"""The pool of connections, and the circuit breaker in front of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from psycopg import AsyncConnection, OperationalError
from psycopg_pool import AsyncConnectionPool

Connection: TypeAlias = AsyncConnection[Any]
Pool: TypeAlias = AsyncConnectionPool[Connection]

WAIT = 5.0  # seconds that a request waits for a connection before it is answered with 503
PROBE_WAIT = 2.0  # the same, once an attempt to connect has failed


@dataclass
class Breaker:
    """Whether Postgres can be reached: `open` when the last attempt to connect has failed, `probing` while one request
    tries, and how many connections are `in_use`."""

    open: bool = False
    probing: bool = False
    in_use: int = 0


def watched(breaker: Breaker) -> type[Connection]:
    """A class of connections that open `breaker` when they cannot be made, and close it when they can."""

    class Watched(AsyncConnection[Any]):
        @classmethod
        async def connect(cls, conninfo: str = "", **more: Any) -> Any:
            try:
                made = await super().connect(conninfo, **more)
            except OperationalError:
                breaker.open = True
                raise
            breaker.open = False
            return made

    return Watched


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
