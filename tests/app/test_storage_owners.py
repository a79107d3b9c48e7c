"""A user never sees, changes or removes an object of another, nor gets an address of it, whatever its name is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.accounts import account
from tests.support.backend_process import Reply, send
from tests.support.campaign import sized
from tests.support.demo import PASSWORD
from tests.support.fuzzing import fuzz

STORAGE, OLD = "/api/v1/storage", "/storage/v1/object"
Ask = Callable[..., Reply]


@pytest.fixture(scope="module")
def people(app_stack: Any) -> list[Ask]:
    """Two users, as whom requests are sent."""

    def user() -> Ask:
        _, email = account(app_stack.database_url)
        login = {"email": email, "password": PASSWORD}
        token = send(app_stack.url, "POST", "/api/v1/auth/login", login).body["access_token"]
        return lambda method, path, body=None, **more: send(app_stack.url, method, path, body, token=token, **more)

    return [user(), user()]


SIGNS = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="/\ufffd")
PART = st.one_of(
    st.text(SIGNS, min_size=1, max_size=12), st.sampled_from(["%2e%2e", "a b", "*", "%", "?x=1", "#", "~"])
)
NAMES = st.lists(PART.filter(lambda part: part not in (".", "..")), min_size=1, max_size=4).map("/".join)
ODD = st.lists(st.one_of(PART, st.sampled_from(["", ".", "..", "\0", "\n", "a\x7f"])), min_size=1, max_size=5).map(
    "/".join
)


def seen_by(ask: Ask, name: str) -> list[tuple[str, int]]:
    """What somebody is answered who tries everything with an object."""
    path, answers = quote(name, safe="/"), []
    for method, place, body in [
        ("GET", f"{STORAGE}/objects/files/{path}", None),
        ("HEAD", f"{STORAGE}/objects/files/{path}", None),
        ("GET", f"{STORAGE}/links/files/{path}", None),
        ("DELETE", f"{STORAGE}/objects/files/{path}", None),
        ("POST", f"{STORAGE}/objects/files/{path}", {"size": 1, "overwrite": True}),
        ("GET", f"{OLD}/authenticated/files/{path}", None),
        ("GET", f"{OLD}/public/files/{path}", None),
        ("POST", f"{OLD}/sign/files/{path}", {"expiresIn": 60}),
        ("PUT", f"{OLD}/files/{path}", {}),
    ]:
        answers.append((f"{method} {place}", ask(method, place, body).status))
    return answers


def listed(ask: Ask, name: str) -> list[Any]:
    """What the lists show of it."""
    found = ask("GET", f"{STORAGE}/objects/files?limit=100").body["items"]
    folder = ask("POST", f"{OLD}/list/files", {"prefix": name.rpartition("/")[0]}).body
    signed = ask("POST", f"{OLD}/sign/files", {"expiresIn": 60, "paths": [name]}).body
    return [*found, *folder, *(each for each in signed if each["signedURL"])]


@fuzz(sized(60, 10_000))
@given(name=NAMES, owner=st.integers(0, 1))
def test_of_somebody_elses_object_nothing_is_seen_or_changed(people: list[Ask], name: str, owner: int) -> None:
    mine, other = people[owner], people[1 - owner]
    name = f"{uuid4()}/{name}"
    path = quote(name, safe="/")
    begun = mine("POST", f"{STORAGE}/objects/files/{path}", {"size": 4})
    assert begun.status == 201, begun.body
    upload = begun.body["target"]["url"]
    assert {other("PUT", upload, raw=b"evil").status, other("POST", f"{upload}/complete").status} == {404}
    assert {other("DELETE", upload).status, other("GET", f"{upload}/parts/1").status} == {404}
    assert mine("PUT", upload, raw=b"mine").status == 204
    assert mine("POST", f"{upload}/complete").status == 200
    answers = seen_by(other, name)
    assert {status for _, status in answers} <= {404, 409}, answers
    assert listed(other, name) == []
    assert mine("GET", f"{STORAGE}/objects/files/{path}").body == b"mine"
    assert mine("DELETE", f"{STORAGE}/objects/files/{path}").status == 204


@fuzz(sized(150, 20_000))
@given(name=ODD)
def test_any_name_is_stored_as_it_is_or_refused(people: list[Ask], name: str) -> None:
    path = f"{STORAGE}/objects/files/{quote(f'{uuid4()}/{name}', safe='/')}"
    begun = people[0]("POST", path, {"size": 1})
    if begun.status != 201:
        assert begun.status in (404, 422), begun.body
        return
    people[0]("PUT", begun.body["target"]["url"], raw=b"x")
    made = people[0]("POST", f"{begun.body['target']['url']}/complete").body
    assert made["name"].partition("/")[2] == name
    assert people[0]("GET", f"{STORAGE}{made['url']}").body == b"x"
    assert people[0]("DELETE", path).status == 204


def test_an_account_stays_as_long_as_it_has_objects(app_stack: Any) -> None:
    _, email = account(app_stack.database_url)
    login = {"email": email, "password": PASSWORD}
    token = send(app_stack.url, "POST", "/api/v1/auth/login", login).body["access_token"]
    place = f"{OLD}/files/{uuid4()}"
    assert send(app_stack.url, "POST", place, raw=b"x", kind="text/plain", token=token).status == 200
    goodbye = ("POST", "/api/v1/auth/delete", {"password": PASSWORD})
    refused = send(app_stack.url, *goodbye, token=token)
    assert refused.status == 409 and "objects" in refused.body["detail"]
    assert send(app_stack.url, "DELETE", place.replace(OLD, f"{STORAGE}/objects"), token=token).status == 204
    assert send(app_stack.url, *goodbye, token=token).status == 204
