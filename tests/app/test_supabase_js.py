"""A front end that was written for Supabase logs in here: supabase-js itself, with only its address changed."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.support import npm
from tests.support.waiting import PATIENCE

HERE = Path(__file__).parent / "supabase_js"
PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def steps(app_stack: Any) -> dict[str, Any]:
    """What each step of the front end got."""
    home = npm.install(HERE, "supabase-js")
    script = home / "flow.mjs"
    script.write_text((HERE / "flow.mjs").read_text())
    words = ["node", str(script), app_stack.url, f"zoe-{uuid4()}@example.org", PASSWORD]
    done = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE, check=True, cwd=home)
    return {each["step"]: each for each in map(json.loads, done.stdout.splitlines())}


def test_signing_up_and_in_gives_a_session_that_is_the_users(steps: dict[str, Any]) -> None:
    made, logged_in = steps["sign up"]["data"], steps["sign in"]["data"]
    assert made["user"]["user_metadata"] == {"name": "Zoë"} and made["session"]["token_type"] == "bearer"
    assert logged_in["user"]["id"] == made["user"]["id"] and logged_in["session"]["expires_in"] == 3600
    assert logged_in["user"]["identities"][0]["provider"] == "email"
    assert steps["user"]["data"]["user"]["id"] == made["user"]["id"]


def test_claims_are_read_by_the_client(steps: dict[str, Any]) -> None:
    claims = steps["claims"]["data"]["claims"]
    assert claims["aud"] == claims["role"] == "authenticated" and claims["aal"] == "aal1"
    assert [each["method"] for each in claims["amr"]] == ["password"]


@pytest.mark.parametrize(
    ("step", "name", "status", "code"),
    [
        ("weak password", "AuthWeakPasswordError", 422, "weak_password"),
        ("sign up again", "AuthApiError", 422, "user_already_exists"),
        ("wrong password", "AuthApiError", 400, "invalid_credentials"),
        ("unknown account", "AuthApiError", 400, "invalid_credentials"),
        ("same password", "AuthApiError", 422, "same_password"),
        ("another address", "AuthRetryableFetchError", 501, None),
        ("user after sign out", "AuthSessionMissingError", 400, None),
        ("refresh after sign out", "AuthApiError", 400, "refresh_token_not_found"),
        ("forged", "AuthApiError", 403, "bad_jwt"),
        ("recover", "AuthRetryableFetchError", 501, None),
        ("one-time password", "AuthRetryableFetchError", 501, None),
        ("anonymous", "AuthApiError", 422, "anonymous_provider_disabled"),
    ],
)
def test_a_refusal_is_the_one_that_the_client_knows(
    steps: dict[str, Any], step: str, name: str, status: int, code: str | None
) -> None:
    error = steps[step]["error"]
    assert error is not None and (error["name"], error["status"], error.get("code")) == (name, status, code)


def test_an_unknown_account_is_refused_in_the_words_of_a_wrong_password(steps: dict[str, Any]) -> None:
    assert steps["unknown account"]["error"] == steps["wrong password"]["error"]
    assert steps["wrong password"]["error"]["message"] == "Invalid login credentials"


def test_metadata_is_merged(steps: dict[str, Any]) -> None:
    assert steps["update"]["data"]["user"]["user_metadata"] == {"name": "Zoë", "colour": "green"}


def test_a_refresh_gives_another_pair_of_tokens(steps: dict[str, Any]) -> None:
    before, after = (steps[step]["data"]["session"] for step in ("sign in", "refresh"))
    assert before["refresh_token"] != after["refresh_token"]
    assert steps["user of the refreshed"]["error"] is None


def test_signing_out_here_leaves_other_devices(steps: dict[str, Any]) -> None:
    assert steps["sign out here"]["error"] is None and steps["elsewhere goes on"]["error"] is None
    assert steps["sign out everywhere"]["error"] is None
    assert {"SIGNED_IN", "TOKEN_REFRESHED", "USER_UPDATED", "SIGNED_OUT"} <= set(steps["events"]["data"])


def test_the_data_api_says_that_it_is_not_there(steps: dict[str, Any]) -> None:
    assert "no /rest/v1" in steps["table"]["error"]["message"]


def test_files_are_stored_replaced_listed_and_removed(steps: dict[str, Any]) -> None:
    for step in ("upload", "upsert", "replace", "upload bytes", "download", "list", "sign", "sign many", "remove"):
        assert steps[step]["error"] is None, (step, steps[step]["error"])
    assert steps["upload"]["data"]["path"].endswith("/a.txt")
    assert steps["download"]["data"] == {"text": "new ä", "type": "text/plain"}
    entries = [(each["name"], each["id"] is None) for each in steps["list"]["data"]]
    assert entries == [("b", True), ("a.txt", False)]
    assert steps["fetch signed"]["data"] == "new ä"
    assert [bool(each["signedUrl"]) for each in steps["sign many"]["data"]] == [True, False]
    assert sorted(each["name"].partition("/")[2] for each in steps["remove"]["data"]) == ["a.txt", "b/c.bin"]


def test_a_refusal_of_the_storage_is_one_that_the_client_knows(steps: dict[str, Any]) -> None:
    found = {step: steps[step]["error"] for step in ("upload again", "not there", "not signed in")}
    assert {(each["name"]) for each in found.values()} == {"StorageApiError"}
    assert [each["status"] for each in found.values()] == [409, 404, 403]
    assert steps["exists"]["data"] is False
    assert steps["public address"]["data"]["error"] == "not_found"
