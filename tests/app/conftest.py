"""What the backend's tests share.

They take a fixture `stack`, a running stack with migrations and fixtures applied:
`.url` is the app's base URL, `.database_url` its Postgres URL (role of the app), `.env` the whole environment of the
app (its DATABASE_URL, REDIS_URL, S3_…) as a dict, `.app_python` an interpreter that has app/requirements.lock.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import redis

from tests.support import demo
from tests.support.backend_process import Reply, Running, app_process, send
from tests.support.tcp_relay import Relay
from tests.support.waiting import until


@pytest.fixture(autouse=True)
def no_tries(stack: Any) -> None:
    """Forget the tries of the tests before: all of them come from one address, and only so many may fail in a while."""
    with redis.Redis.from_url(stack.env["REDIS_URL"]) as store:
        for name in store.scan_iter("*auth:limits*"):
            store.delete(name)


@pytest.fixture
def token(stack: Any) -> str:
    """An access token of the demo user's; every backend on these dependencies takes it."""
    return demo.headers(stack.url)["Authorization"].removeprefix("Bearer ")


@pytest.fixture
def call(stack: Any, token: str) -> Callable[..., Reply]:
    """Send a request to the stack's app as the demo user: call("POST", path, {...}); token=None sends it as nobody."""
    return lambda method, path, body=None, **more: send(stack.url, method, path, body, **{"token": token} | more)


@pytest.fixture
def start_app(stack: Any, tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Start a further backend on the stack's dependencies: start_app(REDIS_URL=…) changes its environment."""
    started: list[subprocess.Popen[str]] = []

    def start(**changed: str) -> Running:
        log = tmp_path / f"app{len(started)}.log"
        process = app_process(stack.app_python, {**stack.env, "PORT": "0", "HOST": "127.0.0.1", **changed}, log)
        started.append(process)
        found = until(
            lambda: re.search(r'listening on (http://[^\s"]+)', log.read_text()), "the app's address in its log"
        )
        return Running(found[1], process, log)

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture
def relay() -> Iterator[Callable[[str], tuple[Relay, str]]]:
    """Put a relay in front of the dependency that a URL names: the relay, and the URL that leads through it."""
    made: list[Relay] = []

    def through(url: str) -> tuple[Relay, str]:
        place = urlsplit(url)
        made.append(Relay(place.hostname or "", place.port or 0))
        credentials = place.netloc.rpartition("@")[0]
        address = f"127.0.0.1:{made[-1].port}"
        return made[-1], place._replace(netloc=f"{credentials}@{address}" if credentials else address).geturl()

    yield through
    for each in made:
        each.cut()


@pytest.fixture
def ask(token: str) -> Callable[[Running], Callable[..., Reply]]:
    """Send requests to a backend of the test's own as the demo user: ask(app)("POST", path, {...})."""
    return lambda app: lambda method, path, body=None, **more: send(app.url, method, path, body, token=token, **more)
