"""Limits on tries in a real Redis."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis

from tests.support import services
from tests.support.waiting import until

sys.path.insert(0, str(Path(__file__).parents[3] / "app"))

from backend.adapters.redis.limits import RATES, Kind, Limits, Rate, counted


@pytest.fixture
def limits(client: Any, prefix: str) -> Limits:
    return Limits(client, prefix=prefix + "limits")


@pytest.mark.parametrize("kind", Kind)
def test_so_many_tries_are_allowed_and_then_there_is_a_wait(run: Callable, limits: Limits, kind: Kind, keys) -> None:
    rate = RATES[kind]
    assert [run(limits.allow(kind, "192.0.2.7")) for _ in range(rate.tries)] == [None] * rate.tries
    assert all(0 < run(limits.allow(kind, "192.0.2.7")) <= rate.seconds for _ in range(3))
    assert run(limits.allow(kind, "192.0.2.8")) is None
    assert keys() and all(0 < life <= rate.seconds * 1000 for life in keys().values())


def test_of_many_tries_at_once_no_more_are_allowed(run: Callable, limits: Limits) -> None:
    async def race() -> list[int | None]:
        return await asyncio.gather(*(limits.allow(Kind.ACCOUNT, "a@ex.com") for _ in range(50)))

    assert run(race()).count(None) == RATES[Kind.ACCOUNT].tries


def test_a_wait_ends_and_a_refused_try_does_not_make_it_longer(run: Callable, client: Any, prefix: str) -> None:
    brief = Limits(client, {Kind.ACCOUNT: Rate(1, 1)}, prefix + "limits")
    assert run(brief.allow(Kind.ACCOUNT, "x")) is None
    until(lambda: run(brief.allow(Kind.ACCOUNT, "x")) is None, "the next try is allowed")


def test_the_numbers_are_parameters(run: Callable, client: Any, prefix: str) -> None:
    strict = Limits(client, {Kind.ADDRESS: Rate(2, 60), Kind.ACCOUNT: Rate(1, 60)}, prefix + "limits")
    assert [run(strict.allow(Kind.ADDRESS, "192.0.2.7")) is None for _ in range(3)] == [True, True, False]
    assert [run(strict.allow(Kind.ACCOUNT, "192.0.2.7")) is None for _ in range(3)] == [True, False, False]


SAME = [
    (Kind.ACCOUNT, "A@Ex.com ", "a@ex.com", True),
    (Kind.ACCOUNT, "a@ex.com", "b@ex.com", False),
    (Kind.ADDRESS, "192.0.2.7", "192.0.2.8", False),
    (Kind.ADDRESS, "::ffff:192.0.2.7", "192.0.2.7", True),
    (Kind.ADDRESS, "2001:db8:0:1::1", "2001:DB8:0:1:ffff::2", True),
    (Kind.ADDRESS, "2001:db8:0:1::1", "2001:db8:0:2::1", False),
    (Kind.ADDRESS, "unknown", "no address", False),
    (Kind.ACCOUNT, "\ud800", "", False),
]


@pytest.mark.parametrize(("kind", "one", "other", "same"), SAME, ids=range(len(SAME)))
def test_what_is_counted_together(kind: Kind, one: str, other: str, same: bool) -> None:
    assert (counted(kind, one) == counted(kind, other)) is same


def test_neither_people_nor_addresses_are_in_the_keys(run: Callable, limits: Limits, keys) -> None:
    run(limits.allow(Kind.ACCOUNT, "somebody@ex.com"))
    run(limits.allow(Kind.ADDRESS, "192.0.2.7"))
    assert len(keys()) == 2 and not any("somebody" in name or "192.0" in name for name in keys())


def test_an_error_of_redis_passes_through(run: Callable, runner: asyncio.Runner) -> None:
    from redis.asyncio import Redis
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff

    gone = Redis(port=services.free_port(), retry=Retry(NoBackoff(), 0))
    with pytest.raises(redis.ConnectionError):
        run(Limits(gone).allow(Kind.ACCOUNT, "x"))
    runner.run(gone.aclose())
