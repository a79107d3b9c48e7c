"""A Redis of the module's own, and sessions below a prefix of the test's own."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import pytest

from tests.support import services
from tests.support.waiting import until

sys.path.insert(0, str(Path(__file__).parents[3] / "app"))

from backend.adapters.redis.sessions import Sessions
from backend.domain.sessions import Lives, RefreshRefused, Refusal

T = TypeVar("T")
NUMBERS = count(1)


@pytest.fixture(scope="module")
def redis_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    port = services.free_port()
    server = services.make_redis(tmp_path_factory.mktemp("redis"), port)
    server.start()
    try:
        until(lambda: services.listens(port), "redis listens")
        yield port
    finally:
        server.stop()


@pytest.fixture
def prefix() -> str:
    """A prefix that no other test has."""
    return f"auth{next(NUMBERS)}:"


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    """One event loop for the test, on which its client's connections stay good."""
    with asyncio.Runner() as made:
        yield made


@pytest.fixture
def run(runner: asyncio.Runner) -> Callable[[Awaitable[T]], T]:
    """Wait for something asynchronous: run(sessions.open(…))."""

    async def awaited(something: Awaitable[T]) -> T:
        return await something

    return lambda something: runner.run(awaited(something))


@pytest.fixture(params=[True, False], ids=["text", "bytes"])
def client(request: pytest.FixtureRequest, redis_port: int, runner: asyncio.Runner) -> Iterator[Any]:
    """An asynchronous client, once with replies as text and once as bytes."""
    from redis.asyncio import Redis

    made = Redis(port=redis_port, password=services.REDIS_PASSWORD, decode_responses=request.param)
    yield made
    runner.run(made.aclose())


@pytest.fixture
def keys(client: Any, run: Callable, prefix: str) -> Callable[[], dict[str, int]]:
    """The keys below the test's prefix, each with the milliseconds that it has to live."""

    def found() -> dict[str, int]:
        names = sorted(each if isinstance(each, str) else each.decode() for each in run(client.keys(f"{prefix}*")))
        return {name.removeprefix(prefix): run(client.pttl(name)) for name in names}

    return found


@pytest.fixture
def sessions(client: Any, prefix: str) -> Sessions:
    """Sessions of two hours without a refresh and five in all."""
    return Sessions(client, b"k" * 32, Lives(timedelta(hours=2), timedelta(hours=5)), prefix=prefix)


@pytest.fixture
def refused(run: Callable, sessions: Sessions) -> Callable[[str, datetime], Refusal]:
    """The reason why a token is refused."""

    def reason(token: str, now: datetime) -> Refusal:
        with pytest.raises(RefreshRefused) as refusal:
            run(sessions.rotate(token, now))
        return refusal.value.reason

    return reason
