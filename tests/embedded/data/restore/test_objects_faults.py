"""Objects that are put back while the store fails: it is said, each object is the old or the right one, the next run ends it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from slipway.errors import BackupError
from tests.support import services
from tests.support.mirroring import Mirror, once
from tests.support.tcp_relay import Relay
from tests.support.waiting import until

THEN = {f"{number:03}": os.urandom(60_000) for number in range(40)}
NOW = {key: b"of now" for key in list(THEN)[::2]}
WRONG = {
    "secret": ({"S3_SECRET_KEY": "another-secret"}, "correct S3_ACCESS_KEY and S3_SECRET_KEY in .env"),
    "access key": ({"S3_ACCESS_KEY": "nobody"}, "correct S3_ACCESS_KEY and S3_SECRET_KEY in .env"),
    "down": ({"S3_ENDPOINT": f"http://127.0.0.1:{services.free_port()}"}, "./invoke up; then again"),
}


@pytest.fixture
def mirrored(object_env: dict[str, str], s3_client, tmp_path: Path) -> Mirror:
    """A backup of what was then, and a store that has half of it, and that changed."""
    made = Mirror(object_env, tmp_path / "backups", s3_client)
    made.make_buckets()
    for key, body in THEN.items():
        made.put(key, body)
    made.take("first")
    made.delete(*THEN)
    for key, body in NOW.items():
        made.put(key, body)
    return made


@pytest.fixture
def relay(mirrored: Mirror) -> Iterator[Relay]:
    """What a restore goes through from now on."""
    made = Relay("127.0.0.1", int(mirrored.env["S3_ENDPOINT"].rsplit(":", 1)[1]))
    mirrored.env["S3_ENDPOINT"] = f"http://127.0.0.1:{made.port}"
    yield made
    made.cut()


def there(mirrored: Mirror) -> dict[str, bytes]:
    return {key: mirrored.get(key) for key in mirrored.keys()}


def assert_none_is_half(mirrored: Mirror) -> None:
    assert [key for key, body in there(mirrored).items() if body not in (THEN[key], NOW.get(key))] == []


def broken(mirrored: Mirror, act: Callable[[], None]) -> BackupError:
    """How a restore ends when this is done to the store as soon as the first bytes have gone to it."""
    mirrored.events = Events(once(act))
    with pytest.raises(BackupError) as caught:
        mirrored.restore("first")
    mirrored.events = []
    return caught.value


class Events(list):
    """Told instead of kept."""

    def __init__(self, tell: Callable[[dict], None]):
        self.append = tell


@pytest.mark.parametrize("case", WRONG)
def test_a_store_that_refuses_is_said_and_nothing_is_put(mirrored: Mirror, case: str) -> None:
    env, then = WRONG[case]
    right = dict(mirrored.env)
    mirrored.env |= env
    with pytest.raises(BackupError) as caught:
        mirrored.restore("first")
    assert (caught.value.code, caught.value.where, caught.value.next) == (7, "object store", then)
    mirrored.env = right
    assert there(mirrored) == NOW


def test_one_that_goes_down_half_way_is_said_and_the_next_run_puts_back_the_rest(
    mirrored: Mirror, relay: Relay
) -> None:
    error = broken(mirrored, relay.cut)
    assert error.code == 7 and mirrored.env["S3_ENDPOINT"] in error.found + error.expected
    relay.mend()
    assert_none_is_half(mirrored)
    done = mirrored.restore("first")
    assert there(mirrored) == THEN and done["put"] + done["same"] == len(THEN) and done["same"] > 0


def test_one_that_goes_down_for_a_moment_is_asked_again(mirrored: Mirror, relay: Relay) -> None:
    def cut_and_mend() -> None:
        relay.cut()
        relay.mend()

    mirrored.events = Events(once(cut_and_mend))
    assert mirrored.restore("first")["put"] == len(THEN)
    assert there(mirrored) == THEN


def test_a_slow_one_is_waited_for(mirrored: Mirror, relay: Relay) -> None:
    relay.pace = 800_000
    assert mirrored.restore("first")["put"] == len(THEN)
    relay.pace = None
    assert there(mirrored) == THEN


@pytest.fixture
def stranger(tmp_path: Path) -> Iterator[int]:
    """The port of a store that knows none of our keys."""
    port = services.free_port()
    server = services.make_objects(tmp_path, port)
    server.env = {**server.env, "RCLONE_AUTH_KEY": '"somebody,whose-secret-is-another"'}
    server.start()
    try:
        until(lambda: services.listens(port), "the store listens")
        yield port
    finally:
        server.stop()


def test_keys_that_stop_working_half_way_are_said_and_the_next_run_puts_back_the_rest(
    mirrored: Mirror, relay: Relay, stranger: int
) -> None:
    def lead_to(port: int) -> None:
        relay.target = ("127.0.0.1", port)
        relay.cut()
        relay.mend()

    own = relay.target[1]
    error = broken(mirrored, lambda: lead_to(stranger))
    assert (error.code, error.next) == (7, "correct S3_ACCESS_KEY and S3_SECRET_KEY in .env"), error.fields()
    lead_to(own)
    assert_none_is_half(mirrored)
    mirrored.restore("first")
    assert there(mirrored) == THEN
