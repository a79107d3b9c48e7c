"""Clients that take their time, and those that send too much: none holds the service, or makes it hold much."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from tests.app.test_observing import sample
from tests.app.test_storage import remove
from tests.app.test_storage_faults import MIB, peak, send_parts
from tests.support.backend_process import Running, app_process, send
from tests.support.waiting import PATIENCE, until

QUICK = {"CLIENT_PATIENCE": "0.5"}
TASK = b"POST /api/v1/tasks HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"


def connected(app: Running) -> socket.socket:
    """A connection that takes little before it is read."""
    place = urlsplit(app.url)
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.settimeout(PATIENCE)
    client.connect((place.hostname, place.port))
    return client


def fed(client: socket.socket, piece: bytes) -> Callable[[], bool]:
    """Whether the connection has ended, after one more piece was sent."""

    def has_ended() -> bool:
        try:
            client.sendall(piece)
            client.settimeout(0.01)
            return client.recv(65536) == b""
        except TimeoutError:
            return False
        except OSError:
            return True

    return has_ended


@pytest.mark.parametrize(
    ("begun", "piece"),
    [
        (b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ", b"x"),
        (b"GET /", b"x"),
        (b"\r\n", b"\r\n"),
        (TASK + b"Content-Length: 1000\r\n\r\n{", b" "),
        (TASK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
        (TASK + b"Transfer-Encoding: chunked\r\n\r\n", b"0"),
        # Refused at once, and the body, which nobody reads, goes on.
        (b"PUT /api/v1/storage/uploads/%s HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n" % str(uuid4()).encode(), b"x"),
    ],
)  # fmt: skip
def test_what_comes_in_drops_comes_to_an_end(start_app: Callable[..., Any], begun: bytes, piece: bytes) -> None:
    app = start_app(**QUICK)
    with connected(app) as client:
        client.sendall(begun)
        until(fed(client, piece), "the end of the connection")
    assert send(app.url, "GET", "/health").status == 200


def test_a_body_that_does_not_come_is_told(start_app: Callable[..., Any]) -> None:
    with connected(start_app(**QUICK)) as client:
        client.sendall(TASK + b"Content-Length: 100\r\n\r\n{")
        answer = b""
        while piece := client.recv(65536):
            answer += piece
    assert answer.startswith(b"HTTP/1.1 408 ") and b"too slowly" in answer


def asks(client: socket.socket, name: str, token: str) -> None:
    """The beginning of an object, of which nothing more is read."""
    head = f"GET /api/v1/storage/objects/files/{name} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n\r\n"
    client.sendall(head.encode())
    assert client.recv(100).startswith(b"HTTP/1.1 200 ")


def test_who_does_not_read_an_object_is_left(stack: Any, start_app: Callable[..., Any], ask: Any, token: str) -> None:
    app, name = start_app(**QUICK), f"{uuid4()}/large"
    send_parts(ask(app), name)
    with connected(app) as client:
        asks(client, name, token)
        until(
            lambda: sample(send(app.url, "GET", "/metrics").body, "http_requests_in_flight") == 1,
            "the end of the download, so that this request is the only one",
        )
    assert app.stop() == 0 and "Traceback" not in app.log.read_text()
    assert remove(ask(stack), name) == 204


def test_a_stop_gives_up_who_does_not_read(stack: Any, start_app: Callable[..., Any], ask: Any, token: str) -> None:
    app, name = start_app(DRAIN_TIMEOUT="0.2"), f"{uuid4()}/large"
    send_parts(ask(app), name)
    with connected(app) as client:
        asks(client, name, token)
        assert app.stop() == 0
    assert "Traceback" not in app.log.read_text()
    assert remove(ask(stack), name) == 204


def chunks(data: bytes, size: int) -> Iterator[bytes]:
    """`data` as chunks of a body without a length."""
    for start in range(0, len(data), size):
        piece = data[start : start + size]
        yield b"%x\r\n%s\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"


@pytest.mark.parametrize("is_chunked", [False, True])
@pytest.mark.parametrize(
    "path", ["/api/v1/tasks", "/auth/v1/token", "/api/v1/auth/login", "/storage/v1/object/list/files"]
)
def test_ten_mebibytes_are_refused_and_not_held(app: Running, token: str, path: str, is_chunked: bool) -> None:
    data = b'{"title": "' + b"x" * 10 * MIB + b'"}'
    length = b"Transfer-Encoding: chunked" if is_chunked else b"Content-Length: %d" % len(data)
    head = TASK.replace(b"/api/v1/tasks", path.encode()) + b"Authorization: Bearer %s\r\n" % token.encode()
    before = peak(app)
    with connected(app) as client:
        client.sendall(head + length + b"\r\n\r\n" + (b"".join(chunks(data, 8000)) if is_chunked else data))
        assert client.recv(100).startswith(b"HTTP/1.1 413 ")
    assert peak(app) - before < 8 * MIB


@pytest.fixture(scope="module")
def running(app_stack: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A backend for all of them."""
    log = tmp_path_factory.mktemp("app") / "log"
    process = app_process(app_stack.app_python, {**app_stack.env, "PORT": "0", "HOST": "127.0.0.1"}, log)
    url = until(
        lambda: next((line for line in log.read_text().splitlines() if "listening on" in line), None), "its address"
    )
    yield Running(url.partition("listening on ")[2].partition('"')[0], process, log)
    process.kill()
    process.wait()


@pytest.fixture
def app(running: Running, token: str) -> Running:
    """It, after a request of each kind has loaded what is loaded once."""
    assert send(running.url, "GET", "/ready").status == 200
    for path in ("/api/v1/tasks", "/api/v1/auth/login", "/auth/v1/token", "/storage/v1/object/list/files"):
        assert send(running.url, "POST", path, {"title": "x" * 70_000}, token=token).status == 413
    return running


def test_headers_without_an_end_are_refused_and_not_held(app: Running) -> None:
    before = peak(app)
    with connected(app) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nX: ")
        until(fed(client, b"x" * 100_000), "the end of the connection")
    assert peak(app) - before < 8 * MIB


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nHost: a\r\nX: a\x00b",
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked",
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2",
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1",
        b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked, x",
        b"GET /\xff HTTP/1.1\r\nHost: a",
        b"GET http:// HTTP/1.1\r\nHost: a",
        b"CONNECT a:1 HTTP/1.1\r\nHost: a",
        b"OPTIONS * HTTP/1.1\r\nHost: a",
        b"GET / HTTP/1.1\r\nHost: a\r\n X: folded",
        b"GET /?\xff=%ff&%00 HTTP/1.1\r\nHost: a",
        b"GET /api/v1/storage/objects/files/%ff%fe/%00 HTTP/1.1\r\nHost: a",
        b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: Upgrade",
    ],
)
def test_odd_requests_are_no_fault_of_ours(app: Running, head: bytes) -> None:
    with connected(app) as client:
        client.sendall(head + b"\r\nConnection: close\r\n\r\n")
        answer = client.recv(100)
    assert answer == b"" or (answer.startswith(b"HTTP/1.1 ") and answer[9:10] != b"5")
    assert "Traceback" not in app.log.read_text()
