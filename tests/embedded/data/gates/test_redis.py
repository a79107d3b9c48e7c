"""The gate of Redis against real servers: it opens when one works, waits while one starts, and is not fooled."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest

from slipway.errors import GateError
from tests.support import services
from tests.support.gating import Waiter, gate
from tests.support.waiting import until


def test_redis_gate_opens_and_leaves_no_key(redis_env: dict[str, str]) -> None:
    import redis

    assert gate("gate.redis", redis_env)["gate"] == "redis"
    with redis.Redis.from_url(redis_env["REDIS_URL"]) as store:
        assert store.keys("*") == []


@pytest.mark.parametrize("password", ["", ":wrong-one@"])
def test_redis_gate_fails_at_once_with_a_wrong_or_missing_password(redis_port: int, password: str) -> None:
    with pytest.raises(GateError) as caught:
        gate("gate.redis", {"REDIS_URL": f"redis://{password}127.0.0.1:{redis_port}/0", "GATE_TIMEOUT": "3000"})
    assert "no answer in" not in caught.value.found and "wrong-one" not in str(caught.value.fields())


def test_redis_gate_waits_for_a_slow_start(folder: Path) -> None:
    port, place = services.free_port(), folder / "slow-redis"
    place.mkdir()
    server = services.make_redis(place, port)
    password = quote(services.REDIS_PASSWORD, safe="")
    waiter = Waiter("gate.redis", {"REDIS_URL": f"redis://:{password}@127.0.0.1:{port}/0", "GATE_TIMEOUT": "20"})
    until(lambda: waiter.said, "the gate says why it waits")
    server.start()
    try:
        assert waiter.result()["tries"] > 1
    finally:
        server.stop()
