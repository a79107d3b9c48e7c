"""The backend as a process: how it starts, refuses to start, and stops."""

from __future__ import annotations

import http.client
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.support.backend_process import app_process, send
from tests.support.waiting import PATIENCE, until


@pytest.fixture
def locked_tasks(stack: Any) -> Iterator[psycopg.Connection[Any]]:
    """A transaction that makes every request to the tasks API wait until it ends."""
    with psycopg.connect(stack.database_url) as holder:
        holder.execute("LOCK TABLE tasks IN ACCESS EXCLUSIVE MODE")
        yield holder


def somebody_waits(holder: psycopg.Connection[Any]) -> bool:
    """Whether a request waits for the lock that `holder` has."""
    row = holder.execute("SELECT count(*) FROM pg_locks WHERE relation = 'tasks'::regclass AND NOT granted").fetchone()
    return row is not None and row[0] > 0


def refuses(url: str) -> bool:
    """Whether no new connection to `url` is taken."""
    place = urlsplit(url)
    try:
        socket.create_connection((place.hostname or "", place.port or 0), PATIENCE).close()
    except ConnectionRefusedError:
        return True
    return False


def in_background(url: str, path: str, token: str) -> tuple[threading.Thread, list[Any]]:
    """A request under way, and the list that gets its answer or its failure."""
    results: list[Any] = []

    def run() -> None:
        try:
            results.append(send(url, "GET", path, token=token))
        except (OSError, http.client.HTTPException) as failure:
            results.append(failure)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, results


def test_a_request_in_flight_is_finished_after_sigterm(
    start_app: Callable[..., Any], locked_tasks: psycopg.Connection[Any], token: str
) -> None:
    app = start_app(DRAIN_TIMEOUT="60")
    thread, results = in_background(app.url, "/api/v1/tasks", token)
    until(lambda: somebody_waits(locked_tasks), "a request that waits for the lock")
    app.process.send_signal(signal.SIGTERM)
    until(lambda: refuses(app.url), "refusal of new connections")
    assert app.process.poll() is None and results == []
    locked_tasks.rollback()
    thread.join(PATIENCE)
    assert results[0].status == 200
    assert app.process.wait(PATIENCE) == 0


def test_a_request_that_outlasts_the_drain_timeout_is_given_up(
    start_app: Callable[..., Any], locked_tasks: psycopg.Connection[Any], token: str
) -> None:
    app = start_app(DRAIN_TIMEOUT="0.2")
    thread, results = in_background(app.url, "/api/v1/tasks", token)
    until(lambda: somebody_waits(locked_tasks), "a request that waits for the lock")
    assert app.stop() == 0
    thread.join(PATIENCE)
    assert getattr(results[0], "status", 500) >= 500
    until(lambda: not somebody_waits(locked_tasks), "the end of the query that was given up")
    assert "given up" in app.log.read_text() and "Traceback" not in app.log.read_text()


def test_an_idle_keep_alive_connection_does_not_hold_up_the_stop(start_app: Callable[..., Any]) -> None:
    app = start_app(DRAIN_TIMEOUT="60")
    place = urlsplit(app.url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=PATIENCE)
    connection.request("GET", "/health")
    assert connection.getresponse().read() == b'{"status":"alive"}'
    assert app.stop() == 0
    connection.close()


def exchange(url: str, *parts: bytes) -> bytes:
    """What comes back for bytes that are sent in parts, each on its way before the next; none at all is a broken off request."""
    place = urlsplit(url)
    with socket.create_connection((place.hostname or "", place.port or 0), PATIENCE) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for part in parts:
            connection.sendall(part)
        if not parts[-1].endswith(b"\r\n\r\n"):
            return b""
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
        return answer


@pytest.mark.parametrize("target", [b"/" + b"a" * 20_000, b"/health?" + b"a" * 20_000, b"/" + b"a" * 60_000])
def test_an_address_that_is_too_long_is_told(start_app: Callable[..., Any], target: bytes) -> None:
    request = b"GET " + target + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    pieces = [request[start : start + 1000] for start in range(0, len(request) - 4, 1000)]
    pieces[-1] += request[sum(map(len, pieces)) :]
    answer = exchange(start_app().url, *pieces)
    assert answer.startswith(b"HTTP/1.1 414 ") and b"longer than 8192 bytes" in answer


def test_a_host_that_was_made_up_is_nowhere_in_an_answer(start_app: Callable[..., Any]) -> None:
    url = start_app().url
    for path in (b"/", b"/health/", b"/api/v1/tasks/", b"//evil.example/", b"/nowhere"):
        answer = exchange(url, b"GET " + path + b" HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 ") and b"evil.example" not in answer


def test_an_upload_that_is_broken_off_leaves_no_traceback(start_app: Callable[..., Any], token: str) -> None:
    app = start_app()
    kind = (
        b" HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nAuthorization: Bearer " + token.encode() + b"\r\n"
    )
    task = b"/api/v1/tasks/00000000-0000-4000-8000-000000000001"
    exchange(app.url, b"POST /api/v1/tasks" + kind + b'Content-Length: 500\r\n\r\n{"title"')
    exchange(app.url, b"PATCH " + task + kind + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{")
    assert send(app.url, "GET", "/health").status == 200
    assert app.stop() == 0
    assert "Traceback" not in app.log.read_text()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_code_0_and_no_traceback(start_app: Callable[..., Any], number: signal.Signals) -> None:
    app = start_app()
    app.process.send_signal(number)
    assert app.process.wait(PATIENCE) == 0
    assert "Traceback" not in app.log.read_text()


@pytest.mark.parametrize(
    ("changed", "part"),
    [
        ({"DATABASE_URL": ""}, "DATABASE_URL is not set"),
        ({"S3_BUCKET": "", "REDIS_URL": ""}, "REDIS_URL, S3_BUCKET are not set"),
        ({"PORT": "web"}, "PORT is 'web'"),
        ({"HOST": "192.0.2.1"}, "cannot listen on HOST 192.0.2.1"),
        ({"HOST": "no.such.host.invalid"}, "cannot listen on HOST no.such.host.invalid"),
    ],
)
def test_an_unusable_environment_is_one_sentence_and_code_2(
    stack: Any, tmp_path: Path, changed: dict[str, str], part: str
) -> None:
    log = tmp_path / "app.log"
    process = app_process(stack.app_python, {**stack.env, "PORT": "0", **changed}, log)
    assert process.wait(PATIENCE) == 2
    said = log.read_text()
    assert said.startswith("backend: ") and part in said and said.count("\n") == 1


def test_a_taken_port_is_said(stack: Any, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        log = tmp_path / "app.log"
        env = {**stack.env, "HOST": "127.0.0.1", "PORT": str(holder.getsockname()[1])}
        assert app_process(stack.app_python, env, log).wait(PATIENCE) == 2
    assert "Address already in use" in log.read_text()


def test_the_release_is_shown(start_app: Callable[..., Any]) -> None:
    assert send(start_app(RELEASE="2027.1").url, "GET", "/").body["version"] == "2027.1"
