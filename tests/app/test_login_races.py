"""Logins, refreshes and changes of a password that meet each other, many tries at once, or a store that goes away."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

import bcrypt
import psycopg
import pytest

from tests.app.test_login import AUTH, auth, log_in
from tests.support.accounts import account, stored_password
from tests.support.backend_process import Reply, send
from tests.support.demo import PASSWORD
from tests.support.waiting import PATIENCE, until

NEW = "quite another password"


@contextmanager
def held(url: str, user: UUID) -> Iterator[psycopg.Connection[Any]]:
    """A transaction that makes every change of the user's row wait."""
    with psycopg.connect(url) as holder:
        holder.execute("SELECT set_config('role', 'supabase_auth_admin', true)")
        holder.execute("SELECT FROM auth.users WHERE id = %s FOR UPDATE", [user])
        yield holder


def meanwhile(holder: psycopg.Connection[Any], work: Callable[[], Reply]) -> tuple[threading.Thread, list[Reply]]:
    """A request that waits for `holder`, and the list that gets its answer."""
    replies: list[Reply] = []
    thread = threading.Thread(target=lambda: replies.append(work()))
    thread.start()
    waits = "SELECT FROM pg_locks WHERE NOT granted AND %s = ANY(pg_blocking_pids(pid))"
    until(lambda: holder.execute(waits, [holder.info.backend_pid]).fetchone() is not None, "a request that waits")
    return thread, replies


@pytest.mark.parametrize("cost", [4, 10])
def test_a_login_that_a_change_of_the_password_overtakes_opens_nothing(stack: Any, cost: int) -> None:
    """The weak hash would be replaced by the login: with the password that is no more."""
    old, new = (bcrypt.hashpw(each.encode(), bcrypt.gensalt(cost)).decode() for each in (PASSWORD, NEW))
    key, email = account(stack.database_url, encrypted_password=old)
    with held(stack.database_url, key) as holder:
        thread, replies = meanwhile(holder, lambda: log_in(stack.url, email, PASSWORD))
        holder.execute("UPDATE auth.users SET encrypted_password = %s WHERE id = %s", [new, key])
        holder.commit()
        thread.join(PATIENCE)
    assert [each.status for each in replies] == [401]
    assert stored_password(stack.database_url, key) == new
    granted = log_in(stack.url, email, NEW).body
    assert len(send(stack.url, "GET", f"{AUTH}/sessions", token=granted["access_token"]).body) == 1


def test_a_password_is_not_changed_without_the_store_of_the_sessions_that_it_ends(
    stack: Any, start_app: Callable[..., Any], relay: Callable[[str], Any]
) -> None:
    key, email = account(stack.database_url)
    between, url = relay(stack.env["REDIS_URL"])
    app = start_app(REDIS_URL=url)
    token = log_in(app.url, email, PASSWORD).body["access_token"]
    change = {"current_password": PASSWORD, "new_password": NEW}
    with held(stack.database_url, key) as holder:
        thread, replies = meanwhile(holder, lambda: auth(app.url, "password", change, token))
        between.cut()
        holder.rollback()
        thread.join(PATIENCE)
    assert [each.status for each in replies] == [503]
    between.mend()
    assert until(lambda: auth(app.url, "password", change, token).status == 204, "it is changed then")


def test_a_refresh_that_fails_for_want_of_the_database_has_used_up_nothing(
    stack: Any, start_app: Callable[..., Any], relay: Callable[[str], Any]
) -> None:
    between, url = relay(stack.env["DATABASE_URL"])
    app = start_app(DATABASE_URL=url)
    _, email = account(stack.database_url)
    granted = log_in(app.url, email, PASSWORD).body

    def refreshed_at() -> str:
        return str(send(stack.url, "GET", f"{AUTH}/sessions", token=granted["access_token"]).body[0]["refreshed_at"])

    before = refreshed_at()
    between.cut()
    assert auth(app.url, "refresh", {"refresh_token": granted["refresh_token"]}).status == 503
    assert refreshed_at() == before
    between.mend()
    again = until(lambda: auth(app.url, "refresh", {"refresh_token": granted["refresh_token"]}), "an answer")
    assert again.status in (200, 503)


def test_many_wrong_passwords_at_once_are_no_more_tries_than_one_after_another(stack: Any) -> None:
    where = {"X-Forwarded-For": "198.51.100.77"}

    def fail(_: int) -> int:
        body = {"email": f"{uuid4()}@example.org", "password": "wrong"}
        return send(stack.url, "POST", f"{AUTH}/login", body, headers=where).status

    with ThreadPoolExecutor(80) as crowd:
        answers = list(crowd.map(fail, range(80)))
    assert {status: answers.count(status) for status in set(answers)} == {401: 30, 429: 50}


def test_what_users_say_of_themselves_does_not_make_their_tokens_grow_without_end(stack: Any) -> None:
    large = {"a": "x" * 9000}
    refused = auth(stack.url, "register", {"email": f"{uuid4()}@example.org", "password": PASSWORD, "metadata": large})
    assert (refused.status, refused.body["code"]) == (422, "validation_failed")
    _, email = account(stack.database_url)
    token = log_in(stack.url, email, PASSWORD).body["access_token"]
    answers = [
        send(stack.url, "PUT", "/auth/v1/user", {"data": {str(number): "x" * 3000}}, token=token) for number in range(3)
    ]
    assert [each.status for each in answers] == [200, 200, 400]
    assert answers[2].body["error_code"] == "validation_failed"
    assert set(send(stack.url, "GET", "/auth/v1/user", token=token).body["user_metadata"]) == {"0", "1"}
