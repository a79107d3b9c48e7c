"""The tasks API on a real Postgres: what clients see."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import psycopg
import pytest

from tests.support.working_copy import DEMO_USER

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


def test_the_list_filters_by_what_the_metadata_contains(call: Callable[..., Any]) -> None:
    made = [
        call("POST", TASKS, {"title": "m", "metadata": each}).body
        for each in ({"project": "roof", "tags": ["a", "b"]}, {"project": "roof"}, {"project": "cellar"})
    ]

    def found(wanted: Any) -> list[str]:
        listed = call("GET", f"{TASKS}?limit=100&metadata={quote(json.dumps(wanted))}").body["items"]
        return [each["id"] for each in listed if each["title"] == "m"]

    keys = [each["id"] for each in made]
    answers = [found({"project": "roof"}), found({"tags": ["b"]}), found({"project": "attic"}), found({})]
    for key in keys:
        call("DELETE", f"{TASKS}/{key}")
    assert answers == [[keys[1], keys[0]], [keys[0]], [], keys[::-1]]
    assert made[0]["metadata"] == {"project": "roof", "tags": ["a", "b"]}


@pytest.mark.parametrize("query", ["metadata=x", "metadata=[1]", "metadata=1", "metadata=%7B%22a%22:%22%5Cu0000%22%7D"])
def test_a_filter_that_is_no_json_object_is_refused(call: Callable[..., Any], query: str) -> None:
    assert call("GET", f"{TASKS}?{query}").status == 422


@pytest.mark.parametrize(
    "metadata",
    [[], "x", None, {"a": "\0"}, {"a": "x" * 20_000}, json.loads('{"a":' * 30 + "1" + "}" * 30)],
)
def test_metadata_that_cannot_be_kept_is_refused(call: Callable[..., Any], metadata: Any) -> None:
    assert call("POST", TASKS, {"title": "m", "metadata": metadata}).status == 422


def test_a_request_that_is_sent_again_with_its_key_makes_one_task(call: Callable[..., Any]) -> None:
    key = {"Idempotency-Key": str(uuid4())}
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: call("POST", TASKS, {"title": "once"}, headers=key), range(8)))
    assert {each.status for each in made} == {201} and len({each.body["id"] for each in made}) == 1
    call("PATCH", made[0].headers["location"], {"title": "changed since"})
    again = call("POST", TASKS, {"title": "once"}, headers=key)
    other = call("POST", TASKS, {"title": "another"}, headers=key)
    call("DELETE", made[0].headers["location"])
    assert (again.status, again.body) == (201, made[0].body)
    assert other.status == 422 and "another request" in other.body["detail"]


def test_a_request_that_failed_leaves_its_key_free(call: Callable[..., Any]) -> None:
    key = {"Idempotency-Key": str(uuid4())}
    assert call("POST", TASKS, {"title": "m", "metadata": {"a": "x" * 20_000}}, headers=key).status == 422
    made = call("POST", TASKS, {"title": "m"}, headers=key)
    assert made.status == 201 and call("DELETE", made.headers["location"]).status == 204


def test_expired_keys_of_all_users_are_removed_and_no_others(stack: Any, call: Callable[..., Any]) -> None:
    made = [
        call("POST", TASKS, {"title": "m"}, headers={"Idempotency-Key": f"{name} {uuid4()}"}).headers["location"]
        for name in ("old", "new")
    ]
    with psycopg.connect(stack.database_url) as connection:
        connection.execute("SELECT set_config('role', 'authenticated', true)")
        connection.execute("SELECT set_config('request.jwt.claims', %s, true)", [json.dumps({"sub": DEMO_USER})])
        connection.execute("UPDATE idempotency_keys SET created_at = now() - interval '25 hours' WHERE key LIKE 'old%'")
        before = connection.execute("SELECT count(*) FROM idempotency_keys").fetchone()
    with psycopg.connect(stack.database_url) as connection:
        assert connection.execute("DELETE FROM idempotency_keys").rowcount == 1
    for each in made:
        call("DELETE", each)
    assert before is not None and before[0] >= 2
