"""While Postgres is away, tasks that are to be made are kept on disk, and made in order, once each, when it is back."""

from __future__ import annotations

import signal
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.support.accounts import account
from tests.support.backend_process import Reply, Running, send
from tests.support.demo import PASSWORD
from tests.support.waiting import until

TASKS = "/api/v1/tasks"


@pytest.fixture
def writer(stack: Any) -> str:
    """An access token of a user who has no tasks."""
    _, email = account(stack.database_url)
    login = {"email": email, "password": PASSWORD}
    return str(send(stack.url, "POST", "/api/v1/auth/login", login).body["access_token"])


@pytest.fixture
def app(stack: Any, start_app: Callable[..., Any], relay: Callable[[str], Any], tmp_path: Path) -> tuple[Running, Any]:
    """A backend that keeps writes in a directory of its own, and the relay between it and Postgres."""
    between, url = relay(stack.env["DATABASE_URL"])
    return start_app(DATABASE_URL=url, APP_DATA=str(tmp_path / "data")), between


def create(app: Running, token: str, title: str, **headers: str) -> Reply:
    """A task that is to be made."""
    return send(app.url, "POST", TASKS, {"title": title}, token=token, headers=headers)


def titles(url: str, token: str) -> list[str]:
    """The user's tasks, the oldest first."""
    return [each["title"] for each in send(url, "GET", f"{TASKS}?limit=100", token=token).body["items"]][::-1]


def buffer(app: Running) -> dict[str, Any]:
    """What /ready tells of the buffer."""
    told: dict[str, Any] = send(app.url, "GET", "/ready").body["buffer"]
    return told


def test_kept_tasks_are_made_in_order_under_the_ids_that_were_promised(
    stack: Any, app: tuple[Running, Any], writer: str
) -> None:
    running, between = app
    assert create(running, writer, "before").status == 201
    between.cut()
    kept = [create(running, writer, f"kept {number}") for number in range(5)]
    assert {each.status for each in kept} == {202} and buffer(running)["waiting"] == 5
    assert send(running.url, "GET", TASKS, token=writer).status == 503
    assert send(running.url, "PATCH", kept[0].headers["location"], {"title": "x"}, token=writer).status == 503
    between.mend()
    until(lambda: buffer(running)["waiting"] == 0, "every kept task is carried out")
    assert titles(stack.url, writer) == ["before", *(f"kept {number}" for number in range(5))]
    for each in kept:
        assert send(stack.url, "GET", each.headers["location"], token=writer).body["id"] == each.body["id"]


def test_a_key_that_is_sent_again_makes_one_task_also_while_postgres_is_away(
    stack: Any, app: tuple[Running, Any], writer: str
) -> None:
    running, between = app
    key = {"Idempotency-Key": str(uuid4())}
    between.cut()
    assert {create(running, writer, "once", **key).status for _ in range(3)} == {202}
    between.mend()
    until(lambda: buffer(running)["waiting"] == 0, "every kept task is carried out")
    assert titles(stack.url, writer) == ["once"]


def test_a_kill_loses_no_kept_task_and_makes_none_twice(
    stack: Any, start_app: Callable[..., Any], relay: Callable[[str], Any], writer: str, tmp_path: Path
) -> None:
    between, url = relay(stack.env["DATABASE_URL"])
    settings = {"DATABASE_URL": url, "APP_DATA": str(tmp_path / "data")}
    between.cut()
    wanted = []
    for turn in range(3):
        running = start_app(**settings)
        for number in range(4):
            wanted.append(f"turn {turn}, {number}")
            assert create(running, writer, wanted[-1]).status == 202
        running.process.send_signal(signal.SIGKILL)
        running.process.wait()
    between.mend()
    both = [start_app(**settings) for _ in range(2)]  # which share the file, and race for it
    until(lambda: all(buffer(each)["waiting"] == 0 for each in both), "every kept task is carried out")
    assert titles(stack.url, writer) == wanted


def test_a_task_that_postgres_does_not_take_then_is_set_aside_and_holds_up_no_other(
    stack: Any, app: tuple[Running, Any], writer: str, tmp_path: Path
) -> None:
    running, between = app
    _, email = account(stack.database_url)
    login = {"email": email, "password": PASSWORD}
    gone = send(stack.url, "POST", "/api/v1/auth/login", login).body["access_token"]
    between.cut()
    assert create(running, gone, "of somebody who leaves").status == 202
    assert create(running, writer, "of somebody who stays").status == 202
    assert send(stack.url, "POST", "/api/v1/auth/delete", {"password": PASSWORD}, token=gone).status == 204
    between.mend()
    until(lambda: buffer(running)["waiting"] == 0, "every kept task is carried out")
    assert buffer(running)["refused"] == 1 and titles(stack.url, writer) == ["of somebody who stays"]
    with sqlite3.connect(tmp_path / "data" / "kept-writes.sqlite") as file:
        wish, reason = file.execute("SELECT wish, reason FROM refused").fetchone()
    assert b"of somebody who leaves" in wish and "not in the database" in reason
    assert b"kept_writes_refused 1.0" in send(running.url, "GET", "/metrics").body


def test_without_a_directory_a_write_is_refused_while_postgres_is_away(
    stack: Any, start_app: Callable[..., Any], relay: Callable[[str], Any], writer: str
) -> None:
    between, url = relay(stack.env["DATABASE_URL"])
    running = start_app(DATABASE_URL=url, APP_DATA="")
    between.cut()
    refused = create(running, writer, "refused")
    assert (refused.status, refused.headers["retry-after"]) == (503, "1")
    assert "buffer" not in send(running.url, "GET", "/ready").body
