"""Large objects, a store that goes away, and clients that go away."""

from __future__ import annotations

import hashlib
import http.client
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import psutil
import pytest

from tests.app.test_storage import STORAGE, begin, get, put, remove
from tests.support.backend_process import Running, send
from tests.support.waiting import until

MIB = 1024**2
LARGE = 100 * MIB
FLAT = 48 * MIB  # what a process may grow by while 100 MiB go through it


def peak(app: Running) -> int:
    """The most memory that the process ever had, in bytes."""
    status = Path(f"/proc/{app.process.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def send_parts(mine: Callable[..., Any], name: str) -> tuple[Any, str]:
    """An object of LARGE bytes in parts; the answer to the last step, and the hash of what was sent."""
    begun = begin(mine, name, LARGE, in_parts=True).body
    place, size = f"{STORAGE}/uploads/{begun['id']}", begun["part_size"]
    sent, digest = 0, hashlib.sha256()
    for number in range(1, -(-LARGE // size) + 1):
        part = hashlib.sha256(str(number).encode()).digest() * (min(size, LARGE - sent) // 32)
        where = mine("GET", f"{place}/parts/{number}").body
        assert mine(where["method"], where["url"], raw=part).status == 204
        sent += len(part)
        digest.update(part)
    return mine("POST", f"{place}/complete"), digest.hexdigest()


def test_100_mib_go_through_in_parts_and_memory_stays_flat(start_app: Callable[..., Any], ask: Any) -> None:
    app = start_app()
    mine, name = ask(app), f"{uuid4()}/large"
    assert put(mine, f"{name}-first", b"x" * MIB).status == 200 and get(mine, f"{name}-first").status == 200
    before = peak(app)
    made, digest = send_parts(mine, name)
    assert (made.status, made.body["size"]) == (200, LARGE), made.body
    assert hashlib.sha256(get(mine, name).body).hexdigest() == digest
    part = get(mine, name, headers={"Range": f"bytes={LARGE - 5}-"})
    assert (part.status, len(part.body)) == (206, 5)
    assert peak(app) - before < FLAT
    assert {remove(mine, name), remove(mine, f"{name}-first")} == {204}


def test_a_part_has_the_length_that_was_agreed(call: Callable[..., Any]) -> None:
    begun = begin(call, str(uuid4()), LARGE, in_parts=True).body
    place = f"{STORAGE}/uploads/{begun['id']}"
    assert begun["target"] is None and begun["part_size"] * 7 >= LARGE
    assert call("PUT", f"{place}/parts/1", raw=b"short").status == 422
    assert [call("GET", f"{place}/parts/{number}").status for number in (0, 8, -1)] == [422, 422, 422]
    assert call("PUT", place, raw=b"x").status == 422
    assert call("POST", f"{place}/complete").status == 409
    assert call("DELETE", place).status == 204


def test_without_the_store_there_is_503_and_with_it_all_works_again(
    stack: Any, start_app: Callable[..., Any], relay: Callable[[str], Any], ask: Any
) -> None:
    between, url = relay(stack.env["S3_ENDPOINT"])
    app = start_app(S3_ENDPOINT=url)
    mine, name = ask(app), f"{uuid4()}/x"
    assert put(mine, name, b"here").status == 200
    place = begin(mine, f"{name}2", 3).body["target"]["url"]
    between.cut()
    refused = [
        get(mine, name),
        mine("PUT", place, raw=b"abc"),
        mine("POST", f"{place}/complete"),
        begin(mine, f"{name}3", LARGE, in_parts=True),
    ]
    assert [each.status for each in refused] == [503] * 4
    assert all("object store" in each.body["detail"] for each in refused)
    assert send(app.url, "GET", "/ready").body["dependencies"]["objects"]["ok"] is False
    between.mend()
    assert until(lambda: get(mine, name).status == 200, "the object is read again")
    assert mine("PUT", place, raw=b"abc").status == 204 and mine("POST", f"{place}/complete").status == 200
    assert {remove(mine, name), remove(mine, f"{name}2")} == {204}


def test_clients_that_go_away_leave_nothing_behind(
    stack: Any, start_app: Callable[..., Any], relay: Callable[[str], Any], ask: Any, token: str
) -> None:
    """More of them than there are threads for the store."""
    between, url = relay(stack.env["S3_ENDPOINT"])
    app = start_app(S3_ENDPOINT=url)
    mine, name = ask(app), f"{uuid4()}/large"
    send_parts(mine, name)
    place = urlsplit(app.url)
    upload = begin(mine, f"{name}-never", LARGE).body["target"]["url"]
    for head in (f"GET {STORAGE}/objects/files/{name}", f"PUT {upload}"):
        for _ in range(40):
            with socket.create_connection((place.hostname, place.port)) as client:
                length = f"Content-Length: {LARGE}\r\n" if head.startswith("PUT") else ""
                words = f"{head} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n{length}\r\n"
                client.sendall(words.encode() + (b"x" * MIB if length else b""))
                assert length or client.recv(1000).startswith(b"HTTP/1.1 200")
    process = psutil.Process(app.process.pid)

    def open_to_the_store() -> int:
        return sum(bool(each.raddr) and each.raddr.port == between.port for each in process.net_connections("tcp"))

    until(lambda: open_to_the_store() <= 1, "the requests to the store end")
    assert get(mine, name).status == 200 and remove(mine, name) == 204


def test_clients_are_sent_to_the_store_where_it_can_be_reached(
    stack: Any, start_app: Callable[..., Any], relay: Callable[[str], Any], ask: Any
) -> None:
    _, public = relay(stack.env["S3_ENDPOINT"])
    mine, name = ask(start_app(STORAGE_DELIVERY="redirect", S3_PUBLIC_ENDPOINT=public)), f"{uuid4()}/x y.txt"
    begun = begin(mine, name, 5, content_type="text/x-test").body
    there = begun["target"]
    assert there["url"].startswith(f"{public}/")
    host, path = public, there["url"].removeprefix(public)
    wrong = send(host, there["method"], path, raw=b"hello, and more", kind="text/x-test")
    assert wrong.status == 403, "another length than the one that was signed"
    assert send(host, there["method"], path, raw=b"hello", kind="text/x-test").status == 200
    assert mine("POST", f"{STORAGE}/uploads/{begun['id']}/complete").status == 200
    found = get(mine, name)
    assert found.status == 302 and found.headers["location"].startswith(f"{public}/")
    assert send(host, "GET", found.headers["location"].removeprefix(public)).body == b"hello"
    assert remove(mine, name) == 204


def test_a_download_that_the_store_breaks_off_is_no_whole_file(
    stack: Any, start_app: Callable[..., Any], relay: Callable[[str], Any], ask: Any, token: str
) -> None:
    between, url = relay(stack.env["S3_ENDPOINT"])
    app = start_app(S3_ENDPOINT=url)
    mine, name = ask(app), f"{uuid4()}/large"
    assert send_parts(mine, name)[0].status == 200
    client = http.client.HTTPConnection(urlsplit(app.url).netloc)
    client.request("GET", f"{STORAGE}/objects/files/{name}", headers={"Authorization": f"Bearer {token}"})
    answer = client.getresponse()
    assert answer.status == 200 and len(answer.read(MIB)) == MIB
    between.cut()
    with pytest.raises(http.client.IncompleteRead):
        answer.read()
    client.close()
    between.mend()
    assert until(lambda: get(mine, name).status == 200, "the object is read again") and remove(mine, name) == 204
    assert app.stop() == 0
    log = app.log.read_text()
    assert "a download was broken off" in log and "Traceback" not in log
