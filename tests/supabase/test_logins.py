"""Users of a copied project log in and stay logged in: their passwords, their refresh tokens of both forms, their ends."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
import redis

from tests.support.backend_process import Reply, send
from tests.support.supabase import tokens
from tests.support.supabase.home import READ
from tests.support.supabase.passwords import KNOWN, USER
from tests.support.working_copy import WorkingCopy

ADA = "00000000-0000-4000-9000-000000000001"


@pytest.fixture
def fresh(stack: WorkingCopy) -> WorkingCopy:
    """The project copied anew, and nothing in Redis."""
    done = stack.invoke("supabase.copy", "--yes")
    assert done.returncode == 0, done.stderr
    forget(stack)
    return stack


def forget(stack: WorkingCopy) -> None:
    """Sessions and tries, as when Redis has lost what it knew."""
    with redis.Redis.from_url(stack.spec()["env"]["REDIS_URL"]) as store:
        for name in store.scan_iter("*auth:*"):
            store.delete(name)


def token(stack: WorkingCopy, grant: str, **body: Any) -> Reply:
    return send(stack.url, "POST", f"/auth/v1/token?grant_type={grant}", body)


def refresh(stack: WorkingCopy, value: str) -> Reply:
    return token(stack, "refresh_token", refresh_token=value)


def test_old_passwords_log_in_whatever_form_their_hash_has(fresh: WorkingCopy) -> None:
    for each in KNOWN:
        told = token(fresh, "password", email=each.email, password=each.password)
        assert (told.status == 200) is (each.form in READ), (each, told.body)
        if told.status == 200:
            assert told.body["user"]["email"] == each.email
        assert (
            token(fresh, "password", email=each.email, password=each.password + "x").status != 200 or "72" in each.form
        )


def test_a_live_refresh_token_opens_the_same_session_here_and_those_used_before_do_not(fresh: WorkingCopy) -> None:
    first, second, live = tokens.CHAIN
    assert [refresh(fresh, each).status for each in (first, second)] == [400, 400]
    told = refresh(fresh, live)
    assert told.status == 200 and told.body["user"]["id"] == USER["ada"]
    listed = send(fresh.url, "GET", "/api/v1/auth/sessions", token=told.body["access_token"]).body
    assert [each["id"] for each in listed] == [ADA]
    again = refresh(fresh, told.body["refresh_token"])
    assert again.status == 200 and again.body["refresh_token"] != told.body["refresh_token"]


def test_a_token_of_the_newer_form_is_good_once_and_no_other_counter_or_key_is(fresh: WorkingCopy) -> None:
    other = tokens.SIGNING_KEY.replace("AAEC", "BBEC")
    for wrong in (
        tokens.signed(counter=tokens.COUNTER - 1),
        tokens.signed(counter=tokens.COUNTER + 1),
        tokens.signed(key=other),
        tokens.signed(session=ADA),
        tokens.signed()[:-1],
        tokens.signed() + "AAAA",
    ):
        assert refresh(fresh, wrong).status == 400, wrong
    told = refresh(fresh, tokens.signed())
    assert told.status == 200 and told.body["user"]["id"] == USER["ben"]
    assert refresh(fresh, told.body["refresh_token"]).status == 200
    assert refresh(fresh, tokens.signed(counter=tokens.COUNTER + 1)).status == 400


@pytest.mark.parametrize("value", ["v4cem-ended-tokn000", "v4jon-banned-tokn00", "nobody's", ""])
def test_what_was_no_way_in_before_is_none_here(fresh: WorkingCopy, value: str) -> None:
    assert refresh(fresh, value).status in (400, 403)


def test_whoever_ends_all_sessions_ends_those_that_were_not_used_here_yet(fresh: WorkingCopy) -> None:
    ada = next(each for each in KNOWN if each.email.startswith("ada"))
    logged_in = token(fresh, "password", email=ada.email, password=ada.password).body["access_token"]
    assert send(fresh.url, "POST", "/auth/v1/logout?scope=global", token=logged_in).status == 204
    assert refresh(fresh, tokens.CHAIN[-1]).status == 400


def test_a_session_that_was_ended_here_is_not_opened_again_by_its_old_token(fresh: WorkingCopy) -> None:
    told = refresh(fresh, tokens.CHAIN[-1]).body
    assert send(fresh.url, "POST", "/auth/v1/logout?scope=local", token=told["access_token"]).status == 204
    forget(fresh)
    assert refresh(fresh, tokens.CHAIN[-1]).status == 400


def test_a_session_that_was_taken_over_is_the_databases_no_more(fresh: WorkingCopy) -> None:
    with psycopg.connect(fresh.database_url("postgres"), autocommit=True) as conn:
        alive = "select coalesce(not_after > now(), true) from auth.sessions where id = %s"
        assert conn.execute(alive, [ADA]).fetchone() == (True,)
        refresh(fresh, tokens.CHAIN[-1])
        assert conn.execute(alive, [ADA]).fetchone() == (False,)
