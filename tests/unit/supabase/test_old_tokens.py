"""A token that the project has issued: how its file is read, and what a new token is told to lack beside it."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from slipway.errors import SettingsError
from slipway.supabase.interface import DIFFERS, SAME, UNKNOWN
from slipway.supabase.proving import claims, tokens

OWN = {"iss": "https://ref.supabase.co/auth/v1", "exp": 1, "iat": 1, "session_id": "a", "amr": [{"method": "password"}]}
ROW = {"sub": "1", "role": "authenticated", "app_metadata": {"provider": "email"}, "is_anonymous": False}
OLD = {**OWN, **ROW, "org": 7}
NEW = {**OLD, "iss": "slipway", "exp": 9, "iat": 8, "session_id": "b", "amr": []}


def token(payload: object) -> str:
    parts = (json.dumps(each).encode() for each in ({"alg": "HS256"}, payload))
    return ".".join([*(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts), "c2lnbmF0dXJl"])


def less(given: dict, *names: str) -> dict:
    return {name: value for name, value in given.items() if name not in names}


@pytest.mark.parametrize(
    ("old", "found", "told"),
    [
        (OLD, less(NEW, "org"), ["org: missing"]),
        (less(OLD, "is_anonymous"), NEW, ["is_anonymous: there, but not expected"]),
        (OLD, {**NEW, "org": "7"}, ["org: string instead of number"]),
        (OLD, {**NEW, "org": 8}, ["org: another value"]),
        (OLD, {**NEW, "is_anonymous": 0}, ["is_anonymous: number instead of boolean"]),
        (OLD, less(NEW, "amr"), ["amr: missing"]),
        (less(OLD, "session_id"), NEW, ["session_id: there, but not expected"]),
        (OLD, {**NEW, "exp": "9"}, ["exp: string instead of number"]),
        ({**OLD, "app_metadata": {"provider": "email", "roles": ["a"]}}, {**NEW, "app_metadata": {"provider": "email"}},
         [f"app_metadata.roles: missing{claims.NOW}"]),
        ({**OLD, "app_metadata": {"roles": ["a"]}}, {**NEW, "app_metadata": {"roles": ["b"]}},
         ["app_metadata.roles[0]: another value"]),
    ],
)  # fmt: skip
def test_each_claim_that_is_not_as_in_the_old_token_is_named(old: dict, found: dict, told: list[str]) -> None:
    compared = claims.beside(old, found, ROW)
    assert (compared.state, list(compared.differences)) == (DIFFERS, told)


def test_what_each_token_has_of_its_own_and_what_a_hook_of_the_projects_says_is_no_difference() -> None:
    old, new = ({**each, "role": "member"} for each in (OLD, NEW))
    assert claims.beside(old, new, ROW).state == SAME
    assert claims.beside(old, new, ROW).found.startswith("10 claims of the old token by name and type, 5 of them")


def test_the_token_of_another_user_is_compared_with_nobodys() -> None:
    compared = claims.beside({**OLD, "sub": "2"}, less(NEW, "org"), ROW)
    assert (compared.state, compared.differences) == (UNKNOWN, (claims.ANOTHERS,))


def test_a_token_of_any_age_is_read_and_never_shown(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{token(OLD)}\n")
    found = tokens.read(tmp_path / "token")
    assert found.claims == OLD and found.is_over and found.text.value == token(OLD)
    assert token(OLD) not in repr(found)
    assert not tokens.Token(found.text, {**OLD, "exp": 2**40}).is_over


@pytest.mark.parametrize(
    "content", ["", "two\nlines", "a.b.c", token([1]), token(OLD) + ".d.e", "\udcff", "eyJ.****.x"]
)
def test_what_is_no_token_is_refused_and_not_shown(tmp_path: Path, content: str) -> None:
    (tmp_path / "token").write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(SettingsError) as caught:
        tokens.read(tmp_path / "token")
    error = caught.value
    assert error.where == str(tmp_path / "token") and error.found == "something else than a JWT"
    assert error.expected and error.next


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="No such file"):
        tokens.read(tmp_path / "nowhere")
