"""Logging in, refreshing and logging out: what a client gets, and what it is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import bcrypt
import pytest

from tests.support.accounts import PASSWORD, account, stored_password
from tests.support.backend_process import Reply, send
from tests.support.demo import PASSWORD as DEMO_PASSWORD
from tests.support.waiting import until

AUTH = "/api/v1/auth"


def auth(url: str, name: str, body: Any = None, token: str | None = None) -> Reply:
    """One POST to /api/v1/auth."""
    return send(url, "POST", f"{AUTH}/{name}", body, token=token)


def log_in(url: str, email: str, password: str) -> Reply:
    """A login."""
    return auth(url, "login", {"email": email, "password": password})


@pytest.fixture
def somebody(stack: Any) -> dict[str, Any]:
    """A user who has just registered: address, tokens."""
    email = f"{uuid4()}@example.org"
    made = auth(stack.url, "register", {"email": email.upper(), "password": PASSWORD})
    assert made.status == 201 and made.headers["cache-control"] == "no-store"
    return {"email": email, **made.body}


def test_who_registers_logs_in_with_the_address_in_any_case(stack: Any, somebody: dict[str, Any]) -> None:
    for email in (somebody["email"], somebody["email"].upper(), f" {somebody['email']} "):
        assert log_in(stack.url, email, PASSWORD).body["user"]["id"] == somebody["user"]["id"]


def test_an_unknown_address_and_a_wrong_password_are_answered_alike(stack: Any, somebody: dict[str, Any]) -> None:
    wrong = log_in(stack.url, somebody["email"], "not this one")
    unknown = log_in(stack.url, f"{uuid4()}@example.org", PASSWORD)
    assert wrong.status == unknown.status == 401 and wrong.body == unknown.body


@pytest.mark.parametrize(
    ("columns", "status", "code"),
    [
        ({}, 200, None),
        ({"encrypted_password": None}, 401, "invalid_credentials"),
        ({"encrypted_password": ""}, 401, "invalid_credentials"),
        ({"encrypted_password": '{"key_id": "k", "alg": "aes-gcm-hkdf", "data": "", "nonce": ""}'}, 401, None),
        ({"email_confirmed_at": None}, 403, "email_not_confirmed"),
        ({"banned_until": "2999-01-01 00:00:00+00"}, 403, "user_banned"),
        ({"banned_until": "2020-01-01 00:00:00+00"}, 200, None),
        ({"deleted_at": "2026-01-05 09:00:00+00"}, 401, "invalid_credentials"),
        ({"is_sso_user": True}, 401, "invalid_credentials"),
        ({"raw_app_meta_data": None, "raw_user_meta_data": None}, 200, None),
    ],
)
def test_an_account_of_supabase_logs_in_if_it_may(
    stack: Any, columns: dict[str, Any], status: int, code: str | None
) -> None:
    _, email = account(stack.database_url, **columns)
    answer = log_in(stack.url, email, DEMO_PASSWORD)
    assert answer.status == status and (code is None or answer.body["code"] == code)


def test_the_twin_of_an_address_from_a_companys_login_does_not_log_in_by_password(stack: Any) -> None:
    key, email = account(stack.database_url)
    account(stack.database_url, email=email, is_sso_user=True)
    assert log_in(stack.url, email, DEMO_PASSWORD).body["user"]["id"] == str(key)


def test_a_weak_hash_is_replaced_by_a_login_and_a_good_one_kept(stack: Any) -> None:
    weak = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    key, email = account(stack.database_url, encrypted_password=weak)
    assert log_in(stack.url, email, PASSWORD).status == 200
    anew = stored_password(stack.database_url, key)
    assert anew.startswith("$argon2id$")
    assert log_in(stack.url, email, PASSWORD).status == 200 and stored_password(stack.database_url, key) == anew


def test_a_refresh_token_is_good_once_and_its_second_use_ends_the_session(stack: Any, somebody: dict[str, Any]) -> None:
    first = somebody["refresh_token"]
    second = auth(stack.url, "refresh", {"refresh_token": first}).body["refresh_token"]
    third = auth(stack.url, "refresh", {"refresh_token": second}).body["refresh_token"]
    stolen = auth(stack.url, "refresh", {"refresh_token": first})
    assert (stolen.status, stolen.body["code"]) == (401, "refresh_token_already_used")
    assert auth(stack.url, "refresh", {"refresh_token": third}).status == 401
    assert send(stack.url, "GET", f"{AUTH}/me", token=somebody["access_token"]).body["code"] == "session_not_found"


def test_two_tabs_that_refresh_at_once_get_the_same_token(stack: Any, somebody: dict[str, Any]) -> None:
    both = [auth(stack.url, "refresh", {"refresh_token": somebody["refresh_token"]}) for _ in range(2)]
    assert both[0].body["refresh_token"] == both[1].body["refresh_token"]


def test_sessions_are_listed_and_ended_one_by_one_and_all_at_once(stack: Any, somebody: dict[str, Any]) -> None:
    other = log_in(stack.url, somebody["email"], PASSWORD).body
    mine, theirs = somebody["access_token"], other["access_token"]
    listed = send(stack.url, "GET", f"{AUTH}/sessions", token=mine).body
    assert [each["current"] for each in listed].count(True) == 1 and len(listed) == 2
    there = next(each["id"] for each in listed if not each["current"])
    assert send(stack.url, "DELETE", f"{AUTH}/sessions/{there}", token=mine).status == 204
    assert send(stack.url, "GET", f"{AUTH}/me", token=theirs).status == 401
    assert send(stack.url, "DELETE", f"{AUTH}/sessions/{there}", token=mine).status == 404
    assert auth(stack.url, "logout-all", token=mine).status == 204
    assert send(stack.url, "GET", f"{AUTH}/me", token=mine).status == 401


def test_nobody_ends_the_session_of_another(stack: Any, somebody: dict[str, Any], call: Callable[..., Any]) -> None:
    key = send(stack.url, "GET", f"{AUTH}/sessions", token=somebody["access_token"]).body[0]["id"]
    assert call("DELETE", f"{AUTH}/sessions/{key}").status == 404
    assert send(stack.url, "GET", f"{AUTH}/me", token=somebody["access_token"]).status == 200


def test_another_password_ends_the_other_sessions(stack: Any, somebody: dict[str, Any]) -> None:
    other = log_in(stack.url, somebody["email"], PASSWORD).body["access_token"]
    mine, change = somebody["access_token"], {"current_password": PASSWORD, "new_password": "another horse battery"}
    assert auth(stack.url, "password", {**change, "current_password": "wrong"}, mine).status == 401
    assert auth(stack.url, "password", {**change, "new_password": "short"}, mine).body["code"] == "weak_password"
    assert auth(stack.url, "password", change, mine).status == 204
    assert send(stack.url, "GET", f"{AUTH}/me", token=mine).status == 200
    assert send(stack.url, "GET", f"{AUTH}/me", token=other).status == 401
    assert log_in(stack.url, somebody["email"], PASSWORD).status == 401
    assert log_in(stack.url, somebody["email"], "another horse battery").status == 200


def test_an_account_that_is_deleted_takes_its_rows_with_it(stack: Any, somebody: dict[str, Any]) -> None:
    token = somebody["access_token"]
    assert send(stack.url, "POST", "/api/v1/tasks", {"title": "mine"}, token=token).status == 201
    assert auth(stack.url, "delete", {"password": "wrong"}, token).status == 401
    assert auth(stack.url, "delete", {"password": PASSWORD}, token).status == 204
    assert log_in(stack.url, somebody["email"], PASSWORD).status == 401
    assert send(stack.url, "GET", "/api/v1/tasks", token=token).body["items"] == []
    assert send(stack.url, "POST", "/api/v1/tasks", {"title": "ghost"}, token=token).status == 409


def test_registration_can_be_closed(start_app: Callable[..., Any]) -> None:
    app = start_app(REGISTRATION="false")
    body = {"email": f"{uuid4()}@example.org", "password": PASSWORD}
    assert auth(app.url, "register", body).body["code"] == "signup_disabled"


def test_a_profile_is_made_by_its_first_change(stack: Any, somebody: dict[str, Any]) -> None:
    token, place = somebody["access_token"], "/api/v1/profile"
    assert send(stack.url, "GET", place, token=token).status == 404
    assert send(stack.url, "PATCH", place, {"bio": "no name"}, token=token).status == 422
    made = send(stack.url, "PATCH", place, {"display_name": "Zoë", "locale": "pt-BR"}, token=token)
    assert (made.status, made.body["time_zone"]) == (200, "UTC")
    assert send(stack.url, "PATCH", place, {"bio": "long"}, token=token).body["display_name"] == "Zoë"


def test_too_many_wrong_passwords_close_the_account_for_a_while_and_no_other(
    stack: Any, somebody: dict[str, Any]
) -> None:
    where = {"X-Forwarded-For": "198.51.100.7"}
    tries = [
        send(stack.url, "POST", f"{AUTH}/login", {"email": somebody["email"], "password": "wrong"}, headers=where)
        for _ in range(11)
    ]
    assert [each.status for each in tries] == [401] * 10 + [429]
    assert 0 < int(tries[-1].headers["retry-after"]) <= 300
    assert log_in(stack.url, somebody["email"], PASSWORD).status == 429
    _, other = account(stack.database_url)
    assert log_in(stack.url, other, DEMO_PASSWORD).status == 200


def test_too_many_wrong_passwords_close_the_door_for_an_address_behind_the_gateway(stack: Any) -> None:
    def fails(address: str) -> int:
        body = {"email": f"{uuid4()}@example.org", "password": "wrong"}
        return send(stack.url, "POST", f"{AUTH}/login", body, headers={"X-Forwarded-For": address}).status

    assert [fails("198.51.100.8") for _ in range(31)] == [401] * 30 + [429]
    assert fails("198.51.100.9") == 401


def test_a_client_that_is_no_trusted_proxy_cannot_choose_its_address(start_app: Callable[..., Any]) -> None:
    app = start_app(TRUSTED_PROXIES="192.0.2.1")
    body = {"email": f"{uuid4()}@example.org", "password": PASSWORD}
    made = send(app.url, "POST", f"{AUTH}/register", body, headers={"X-Forwarded-For": "203.0.113.1"}).body
    sessions = send(app.url, "GET", f"{AUTH}/sessions", token=made["access_token"]).body
    assert [each["address"] for each in sessions] == ["127.0.0.1"]


def test_without_redis_logins_are_refused_and_access_tokens_go_on(
    stack: Any, start_app: Callable[..., Any], relay: Callable[[str], Any], token: str
) -> None:
    between, url = relay(stack.env["REDIS_URL"])
    app = start_app(REDIS_URL=url)
    _, email = account(stack.database_url)
    assert log_in(app.url, email, DEMO_PASSWORD).status == 200
    between.cut()
    refused = log_in(app.url, email, DEMO_PASSWORD)
    assert refused.status == 503 and "Redis does not answer" in refused.body["detail"]
    assert send(app.url, "POST", "/auth/v1/token?grant_type=password", {"email": email, "password": "x"}).status == 503
    assert send(app.url, "GET", "/api/v1/tasks", token=token).status == 200
    between.mend()
    until(lambda: log_in(app.url, email, DEMO_PASSWORD).status == 200, "logins work again")
