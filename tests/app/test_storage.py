"""Objects on the real stack: who may store, see and remove which, and what their bytes are."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest

STORAGE = "/api/v1/storage"


def begin(ask: Callable[..., Any], name: str, size: int, **more: Any) -> Any:
    return ask("POST", f"{STORAGE}/objects/files/{quote(name)}", {"size": size} | more)


def put(ask: Callable[..., Any], name: str, content: bytes, **more: Any) -> Any:
    """Store an object in the default bucket; the answer to the last step, or to the first that was refused."""
    begun = begin(ask, name, len(content), **more)
    if begun.status != 201:
        return begun
    place = begun.body["target"]["url"]
    sent = ask("PUT", place, raw=content, kind="application/octet-stream")
    return ask("POST", f"{place}/complete") if sent.status == 204 else sent


def get(ask: Callable[..., Any], name: str, **more: Any) -> Any:
    return ask("GET", f"{STORAGE}/objects/files/{quote(name)}", **more)


def remove(ask: Callable[..., Any], name: str) -> int:
    return ask("DELETE", f"{STORAGE}/objects/files/{quote(name)}").status


@pytest.fixture
def folder(call: Callable[..., Any]) -> Iterator[str]:
    """A folder that no other test uses; what is in it is removed."""
    place = str(uuid4())
    yield place
    for each in call("GET", f"{STORAGE}/objects/files?limit=100&prefix={place}/").body["items"]:
        remove(call, each["name"])


@pytest.mark.parametrize(
    "name",
    [
        "a",
        "a/b",
        "with space.txt",
        "файл/имя.txt",
        "100%2F.txt",
        "x+y&z=1?#.txt",
        "e\u0301",
        "\u00e9",
        "x" * 255,
        "a/b/c/d/e",
    ],
)
@pytest.mark.parametrize("content", [b"", b"hello", bytes(range(256)) * 1000])
def test_what_was_stored_is_read_back(call: Callable[..., Any], folder: str, name: str, content: bytes) -> None:
    made = put(call, f"{folder}/{name}", content, content_type="text/x-test; charset=utf-8")
    assert (made.status, made.body.get("size")) == (200, len(content)), made.body
    assert made.body["etag"] == hashlib.md5(content).hexdigest()
    found = get(call, f"{folder}/{name}")
    assert (found.status, found.body) == (200, content)
    assert found.headers["content-type"] == "text/x-test; charset=utf-8"
    link = call("GET", f"{STORAGE}/links/files/{quote(f'{folder}/{name}')}").body["url"]
    assert call("GET", link, token=None).body == content
    assert remove(call, f"{folder}/{name}") == 204
    assert get(call, f"{folder}/{name}").status == 404


def test_keys_of_which_one_is_the_folder_of_the_other_are_both_kept(call: Callable[..., Any], folder: str) -> None:
    for name in (f"{folder}/a", f"{folder}/a/b", f"{folder}/a/b/c"):
        assert put(call, name, name.encode()).status == 200
    assert [get(call, f"{folder}/{name}").body for name in ("a", "a/b", "a/b/c")] == [
        f"{folder}/{name}".encode() for name in ("a", "a/b", "a/b/c")
    ]


@pytest.mark.parametrize(
    "path",
    ["a//b", "/a", "a/", "..", "a/%2e%2e/b", "%2e", "a%00b", "a%1Fb", "%ff", "x" * 256, "y/" * 500 + "y", "a%2F%2Fb"],
)
def test_a_name_that_a_store_could_take_for_another_is_refused(call: Callable[..., Any], path: str) -> None:
    for method, body in (("POST", {"size": 1}), ("GET", None), ("DELETE", None)):
        refused = call(method, f"{STORAGE}/objects/files/{path}", body)
        assert (refused.status, refused.headers["content-type"]) == (422, "application/problem+json"), refused.body


def test_an_upload_is_unseen_until_it_is_complete(call: Callable[..., Any], folder: str) -> None:
    name = f"{folder}/x"
    begun = begin(call, name, 3).body
    place = begun["target"]["url"]
    assert call("POST", f"{place}/complete").status == 409
    assert call("PUT", place, raw=b"four").status == 422
    assert call("PUT", place, raw=b"abc").status == 204
    assert get(call, name).status == 404
    assert call("POST", f"{place}/complete").status == 200
    assert (get(call, name).body, call("POST", f"{place}/complete").status) == (b"abc", 404)


def test_a_name_is_taken_unless_the_upload_is_to_overwrite(call: Callable[..., Any], folder: str) -> None:
    name = f"{folder}/x"
    first = put(call, name, b"one").body
    assert put(call, name, b"two").status == 409
    second = put(call, name, b"three", overwrite=True).body
    assert (second["id"], get(call, name).body) == (first["id"], b"three")
    assert second["created_at"] == first["created_at"] and second["updated_at"] > first["updated_at"]


def test_an_upload_that_is_given_up_is_no_more(call: Callable[..., Any], folder: str) -> None:
    place = begin(call, f"{folder}/x", 3).body["target"]["url"]
    assert call("DELETE", place).status == 204
    assert (call("PUT", place, raw=b"abc").status, call("POST", f"{place}/complete").status) == (404, 404)


def test_pages_give_every_name_once_in_their_order(call: Callable[..., Any], folder: str) -> None:
    names = [f"{folder}/{each}" for each in ("B", "a", "a/b", "b", "ä", "я")]
    for each in names:
        put(call, each, b"")
    seen, query = [], f"?limit=2&prefix={folder}/"
    while query:
        page = call("GET", f"{STORAGE}/objects/files{query}").body
        seen += [each["name"] for each in page["items"]]
        query = page["next"] and f"?limit=2&prefix={folder}/&after={page['next']}"
    assert seen == names
    assert call("GET", f"{STORAGE}/objects/files?after=*").status == 422


@pytest.mark.parametrize(
    ("sent", "status", "part"),
    [
        ("bytes=0-0", 206, (0, 1)),
        ("bytes=5-", 206, (5, 300)),
        ("bytes=-7", 206, (293, 300)),
        ("bytes=10-9999", 206, (10, 300)),
        ("bytes=9-3", 200, (0, 300)),
        ("lines=1-2", 200, (0, 300)),
        ("bytes=300-", 416, None),
    ],
)
def test_a_range_is_given(
    call: Callable[..., Any], folder: str, sent: str, status: int, part: tuple[int, int] | None
) -> None:
    content = bytes(each % 251 for each in range(300))
    put(call, f"{folder}/x", content)
    found = get(call, f"{folder}/x", headers={"Range": sent})
    assert found.status == status
    assert part is None or found.body == content[slice(*part)]
    assert status == 200 or found.headers["content-range"].startswith("bytes ")


def test_a_version_that_the_client_has_is_not_sent_again(call: Callable[..., Any], folder: str) -> None:
    etag = put(call, f"{folder}/x", b"abc").body["etag"]
    assert get(call, f"{folder}/x", headers={"If-None-Match": f'"{etag}"'}).status == 304
    head = call("HEAD", f"{STORAGE}/objects/files/{folder}/x")
    assert (head.status, head.headers["content-length"], head.headers["etag"]) == (200, "3", f'"{etag}"')


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"size": -1}, 422),
        ({"size": 6 * 1024**3}, 422),
        ({"size": 1, "content_type": "text/html\r\nX: y"}, 422),
        ({"size": 1, "cache_control": "a\nb"}, 422),
        ({}, 422),
    ],
)
def test_an_upload_that_cannot_be_is_refused(call: Callable[..., Any], body: dict[str, Any], status: int) -> None:
    assert call("POST", f"{STORAGE}/objects/files/x", body).status == status


def test_buckets_are_those_of_the_policies(call: Callable[..., Any]) -> None:
    assert [each["id"] for each in call("GET", f"{STORAGE}/buckets").body] == ["files"]
    assert call("POST", f"{STORAGE}/objects/nowhere/x", {"size": 1}).status == 404
    assert call("GET", f"{STORAGE}/buckets", token=None).status == 401
