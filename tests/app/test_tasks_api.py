"""The tasks API on a real Postgres: what clients see."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest

TASKS = "/api/v1/tasks"


@pytest.fixture
def task(call: Callable[..., Any]) -> Iterator[dict[str, Any]]:
    made = call("POST", TASKS, {"title": "Проверить, что всё работает", "due_at": "2027-01-31T18:00:00+03:00"})
    yield made.body
    call("DELETE", f"{TASKS}/{made.body['id']}")


def test_a_created_task_is_read_back(call: Callable[..., Any], task: dict[str, Any]) -> None:
    read = call("GET", f"{TASKS}/{task['id']}")
    assert (read.status, read.body) == (200, task)
    assert (task["title"], task["due_at"]) == ("Проверить, что всё работает", "2027-01-31T15:00:00Z")
    assert (task["status"], task["completed_at"]) == ("todo", None)


def test_creating_answers_with_the_location(call: Callable[..., Any]) -> None:
    made = call("POST", TASKS, {"title": "here"})
    assert made.status == 201
    assert call("DELETE", made.headers["location"]).status == 204


def test_done_sets_the_time_of_completion_and_reopening_removes_it(
    call: Callable[..., Any], task: dict[str, Any]
) -> None:
    place = f"{TASKS}/{task['id']}"
    done = call("PATCH", place, {"status": "done"}).body
    again = call("PATCH", place, {"status": "done", "title": "still done"}).body
    assert done["completed_at"] is not None and again["completed_at"] == done["completed_at"]
    assert call("PATCH", place, {"status": "todo"}).body["completed_at"] is None


def test_a_patch_leaves_the_other_fields(call: Callable[..., Any], task: dict[str, Any]) -> None:
    changed = call("PATCH", f"{TASKS}/{task['id']}", {"due_at": None}).body
    assert changed == {**task, "due_at": None, "updated_at": changed["updated_at"]}
    assert changed["updated_at"] > task["updated_at"]


def test_a_deleted_task_is_gone(call: Callable[..., Any], task: dict[str, Any]) -> None:
    place = f"{TASKS}/{task['id']}"
    statuses = [
        call(method, place, body).status
        for method, body in (("DELETE", None), ("GET", None), ("PATCH", {"title": "x"}), ("DELETE", None))
    ]
    assert statuses == [204, 404, 404, 404]


def test_pages_give_every_task_once_newest_first(call: Callable[..., Any]) -> None:
    made = [call("POST", TASKS, {"title": f"page {n}", "status": "cancelled"}).body for n in range(5)]
    seen, query = [], "?limit=2"
    while query:
        page = call("GET", TASKS + query).body
        assert len(page["items"]) <= 2
        seen += page["items"]
        query = page["next"] and f"?limit=2&after={page['next']}"
    for each in made:
        call("DELETE", f"{TASKS}/{each['id']}")
    assert [item for item in seen if item in made] == made[::-1]
    assert len({item["id"] for item in seen}) == len(seen)
    assert [item["created_at"] for item in seen] == sorted((item["created_at"] for item in seen), reverse=True)


def test_the_list_filters_by_status(call: Callable[..., Any], task: dict[str, Any]) -> None:
    todo = call("GET", f"{TASKS}?status=todo&limit=100").body["items"]
    done = call("GET", f"{TASKS}?status=done&limit=100").body["items"]
    assert task in todo and task not in done
    assert {item["status"] for item in todo} == {"todo"}


@pytest.mark.parametrize(
    ("method", "path", "sent", "status"),
    [
        ("POST", TASKS, {"raw": b"{"}, 400),
        ("POST", TASKS, {"raw": b"{}", "kind": "text/plain"}, 415),
        ("POST", TASKS, {"raw": b'{"title": "' + b"x" * 70_000 + b'"}'}, 413),
        ("POST", TASKS, {"body": {}}, 422),
        ("POST", TASKS, {"body": {"title": "a\0b"}}, 422),
        ("POST", TASKS, {"body": {"title": "x", "due_at": "now"}}, 422),
        ("GET", TASKS + "?limit=1000", {}, 422),
        ("GET", TASKS + "?after=nonsense", {}, 422),
        ("GET", TASKS + "/not-a-uuid", {}, 422),
        ("PUT", TASKS, {"body": {}}, 405),
        ("GET", "/nowhere", {}, 404),
    ],
)
def test_what_cannot_be_accepted_is_refused_in_words(
    call: Callable[..., Any], method: str, path: str, sent: dict[str, Any], status: int
) -> None:
    refused = call(method, path, **sent)
    assert refused.status == status
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.body["status"] == status and refused.body["detail"]


def test_a_method_that_is_not_there_is_answered_with_those_that_are(call: Callable[..., Any]) -> None:
    assert set(call("PUT", TASKS, {}).headers["allow"].split(", ")) >= {"GET", "POST"}


def test_an_unknown_id_is_not_found(call: Callable[..., Any]) -> None:
    assert call("GET", f"{TASKS}/{uuid4()}").status == 404


def test_the_front_page_names_the_service(call: Callable[..., Any]) -> None:
    page = call("GET", "/")
    assert page.status == 200 and page.body["links"]["tasks"] == TASKS
