"""The gate of Redis against real servers: it opens when one works, waits while one starts, and is not fooled."""

from __future__ import annotations

import shutil
import threading
from contextlib import suppress
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


def test_a_full_redis_is_told_at_once_with_its_settings_and_by_status_too(redis_env: dict[str, str]) -> None:
    import redis

    with redis.Redis.from_url(redis_env["REDIS_URL"]) as store:
        store.set("kept", "x")
        store.config_set("maxmemory", "1")
        try:
            with pytest.raises(GateError) as caught:
                gate("gate.redis", redis_env | {"GATE_TIMEOUT": "3000"})
            assert "full: " in caught.value.found and "REDIS_EVICTION=noeviction" in caught.value.found
            assert "REDIS_MEMORY" in caught.value.next
            assert "full: " in gate("stores.trouble", redis_env)["stores"]["redis"]
            assert store.get("kept") == b"x"
        finally:
            store.config_set("maxmemory", "0")
            store.delete("kept")
    assert gate("stores.trouble", redis_env)["stores"] == {}


def test_a_redis_that_cannot_save_is_told_at_once(folder: Path) -> None:
    import redis

    port, place = services.free_port(), folder / "gone-redis"
    place.mkdir()
    server = services.make_redis(place, port)
    server.start()
    url = f"redis://:{quote(services.REDIS_PASSWORD, safe='')}@127.0.0.1:{port}/0"
    try:
        gate("gate.redis", {"REDIS_URL": url})
        with redis.Redis.from_url(url) as store:
            store.config_set("save", "3600 1")
            shutil.rmtree(place)
            store.bgsave()
            until(lambda: store.info("persistence")["rdb_last_bgsave_status"] == "err", "a save has failed")
            with pytest.raises(GateError) as caught:
                gate("gate.redis", {"REDIS_URL": url, "GATE_TIMEOUT": "3000"})
            assert "cannot save to its disk" in caught.value.found and "df -h" in caught.value.next
            store.config_set("save", "")
    finally:
        place.mkdir(exist_ok=True)
        server.stop()


def test_a_redis_that_is_busy_for_a_moment_is_asked_again(redis_env: dict[str, str], monkeypatch) -> None:
    """A script that runs too long: the server answers BUSY until it is ended."""
    import redis

    from slipway.data import endpoints
    from slipway.data.gates import redis as gates

    paused = []

    def end_script(seconds: float) -> None:
        paused.append(seconds)
        store.script_kill()
        loop.join(60)

    with redis.Redis.from_url(redis_env["REDIS_URL"]) as store, redis.Redis.from_url(redis_env["REDIS_URL"]) as other:
        store.config_set("busy-reply-threshold", "10")
        loop = threading.Thread(target=run_for_ever, args=(other,))
        loop.start()
        until(lambda: is_busy(store), "the script is in the way")
        monkeypatch.setattr("slipway.system.transient.time.sleep", end_script)
        with gates.enter(endpoints.read(redis_env), 2):
            pass
        store.config_set("busy-reply-threshold", "5000")
    assert len(paused) == 1


def run_for_ever(store) -> None:
    import redis

    with suppress(redis.RedisError):
        store.eval("while true do end", 0)


def is_busy(store) -> bool:
    import redis

    try:
        return not store.ping()
    except redis.ResponseError as error:
        return str(error).startswith("BUSY")
