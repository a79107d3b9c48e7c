"""Objects on the real stack: who may store, see and remove which, and what their bytes are."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest

STORAGE = "/api/v1/storage"


def put(call: Callable[..., Any], name: str, content: bytes, **more: Any) -> Any:
    """Store an object in the default bucket; the answer to the last step, or to the first that was refused."""
    begun = call("POST", f"{STORAGE}/objects/files/{quote(name)}", {"size": len(content)} | more)
    if begun.status != 201:
        return begun
    place = begun.body["target"]["url"]
    sent = call("PUT", place, raw=content, kind="application/octet-stream")
    return call("POST", f"{place}/complete") if sent.status == 204 else sent


def get(call: Callable[..., Any], name: str, **more: Any) -> Any:
    return call("GET", f"{STORAGE}/objects/files/{quote(name)}", **more)


@pytest.fixture
def name() -> str:
    """A name that no other test uses."""
    return f"{uuid4()}.txt"


@pytest.mark.parametrize(
    "name",
    ["a", "a/b", "with space.txt", "файл/имя.txt", "100%2F.txt", "x+y&z=1?#.txt", "e\u0301", "\u00e9", "x" * 255, "a/b/c/d/e"],
)
@pytest.mark.parametrize("content", [b"", b"hello", bytes(range(256)) * 1000])
def test_what_was_stored_is_read_back(call: Callable[..., Any], name: str, content: bytes) -> None:
    folder = uuid4()
    made = put(call, f"{folder}/{name}", content, content_type="text/x-test; charset=utf-8")
    assert (made.status, made.body.get("size")) == (200, len(content)), made.body
    assert made.body["etag"] == hashlib.md5(content).hexdigest()
    found = get(call, f"{folder}/{name}")
    assert (found.status, found.body) == (200, content)
    assert found.headers["content-type"] == "text/x-test; charset=utf-8"
    assert call("DELETE", f"{STORAGE}/objects/files/{quote(f'{folder}/{name}')}").status == 204
    assert get(call, f"{folder}/{name}").status == 404
