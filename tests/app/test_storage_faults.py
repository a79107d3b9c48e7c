"""Large objects, a store that goes away, clients that go away, and bytes that are left over."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import psutil
import psycopg
import pytest

from tests.app.test_storage import STORAGE, begin, get, put, remove
from tests.support.backend_process import Running, send
from tests.support.waiting import until

MIB = 1024**2
LARGE = 100 * MIB
FLAT = 48 * MIB  # what a process may grow by while 100 MiB go through it


@pytest.fixture
def ask(token: str) -> Callable[[Running], Callable[..., Any]]:
    """Send requests to a backend of the test's own as the demo user."""
    return lambda app: lambda method, path, body=None, **more: send(app.url, method, path, body, token=token, **more)


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


def keys(stack: Any, prefix: str) -> list[str]:
    """What is in the store below a prefix."""
    import boto3

    client = boto3.client(
        "s3",
        endpoint_url=stack.env["S3_ENDPOINT"],
        region_name=stack.env.get("S3_REGION", "us-east-1"),
        aws_access_key_id=stack.env["S3_ACCESS_KEY"],
        aws_secret_access_key=stack.env["S3_SECRET_KEY"],
    )
    found = client.list_objects_v2(Bucket=stack.env["S3_BUCKET"], Prefix=prefix)
    return [each["Key"] for each in found.get("Contents", [])]


def test_bytes_that_could_not_be_removed_are_found_again(
    stack: Any, start_app: Callable[..., Any], relay: Callable[[str], Any], ask: Any
) -> None:
    between, url = relay(stack.env["S3_ENDPOINT"])
    mine, folder = ask(start_app(S3_ENDPOINT=url)), str(uuid4())
    assert put(mine, f"{folder}/x", b"left").status == 200
    between.cut()
    assert remove(mine, f"{folder}/x") == 204 and get(mine, f"{folder}/x").status == 404
    assert len(keys(stack, f"files/{folder}/")) == 1
    between.mend()
    # Whatever upload comes next finds them.
    until(
        lambda: begin(mine, f"{folder}/next", 0).status == 201 and not keys(stack, f"files/{folder}/"),
        "the bytes are removed",
    )


def test_an_upload_that_nobody_completes_is_removed_after_a_day(stack: Any, call: Callable[..., Any]) -> None:
    folder = str(uuid4())
    for more in ({}, {"in_parts": True}):
        begun = begin(call, f"{folder}/x", 3, **more).body
        part = "/parts/1" if more else ""
        assert call("PUT", f"{STORAGE}/uploads/{begun['id']}{part}", raw=b"abc").status == 204
    with psycopg.connect(stack.migrate_url) as sql:
        sql.execute(
            "UPDATE storage_uploads SET expires_at = expires_at - interval '1 day' WHERE name = %s", [f"{folder}/x"]
        )
    assert call("POST", f"{STORAGE}/uploads/{begun['id']}/complete").status == 404

    def left() -> int:
        begin(call, f"{folder}/next", 0)
        with psycopg.connect(stack.migrate_url) as sql:
            rows = sql.execute("SELECT count(*) FROM storage_uploads WHERE name = %s", [f"{folder}/x"]).fetchone()
        return rows[0] if rows else 0

    until(lambda: left() == 0 and keys(stack, f"files/{folder}/") == [], "what was left is removed")


def test_the_version_of_before_stays_for_those_who_read_it(stack: Any, call: Callable[..., Any]) -> None:
    name = f"{uuid4()}/x"
    put(call, name, b"one")
    put(call, name, b"two", overwrite=True)
    assert len(keys(stack, f"files/{name}/")) == 2
    with psycopg.connect(stack.migrate_url) as sql:
        sql.execute("UPDATE storage_uploads SET expires_at = now() WHERE name = %s", [name])
    until(
        lambda: begin(call, f"{uuid4()}", 0).status == 201 and len(keys(stack, f"files/{name}/")) == 1,
        "the version of before is removed",
    )
    assert get(call, name).body == b"two" and remove(call, name) == 204


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
