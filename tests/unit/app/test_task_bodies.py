"""What clients may send to the tasks API: table of value and what is said of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from backend.adapters.http.problems import wrong
from backend.adapters.http.task_bodies import TaskBody, TaskPatch, TaskQuery
from backend.domain.tasks import NewTask, Status
from pydantic import BaseModel, ValidationError


def refusals(model: type[BaseModel], value: Any) -> dict[str, str]:
    """What is said of each field of `value`."""
    with pytest.raises(ValidationError) as refusal:
        model.model_validate(value)
    told = [wrong(("body", *each["loc"]), each["msg"]) for each in refusal.value.errors()]
    return {each.field: each.detail for each in told}


@pytest.mark.parametrize(
    ("field", "value", "part"),
    [
        ("title", None, "valid string"),
        ("title", 7, "valid string"),
        ("title", "x" * 201, "at most 200 characters"),
        ("title", " \t ", "at least 1 character"),
        ("title", "two\nlines", "match pattern"),
        ("title", "a\0b", "match pattern"),
        ("title", "\ud800", "unicode"),
        ("description", None, "valid string"),
        ("description", "x" * 10_001, "at most 10000 characters"),
        ("description", "a\0b", "match pattern"),
        ("status", "finished", "'todo', 'in_progress', 'done' or 'cancelled'"),
        ("status", ["todo"], "'todo'"),
        ("due_at", "tomorrow", "valid datetime"),
        ("due_at", "2027-01-31T18:00:00", "timezone"),
        ("due_at", 1, "with an offset"),
        ("due_at", "0001-01-01T00:00:00+02:00", "years 1 to 9999"),
        ("owner", "me", "not permitted"),
    ],
)
def test_a_field_that_is_not_acceptable_is_named(field: str, value: Any, part: str) -> None:
    assert part in refusals(TaskBody, {"title": "ok", field: value})[field]


def test_every_wrong_field_is_told_at_once() -> None:
    assert set(refusals(TaskBody, {"status": "x", "due_at": "y"})) == {"title", "status", "due_at"}


def test_an_unknown_field_name_can_always_be_answered() -> None:
    assert len(wrong(("body", "\ud800" * 100), "Extra inputs are not permitted").model_dump_json()) < 200


def test_a_new_task_gets_defaults_and_a_trimmed_title() -> None:
    made = TaskBody.model_validate({"title": "  Купить хлеб "}).task()
    assert made == NewTask("Купить хлеб", "", Status.TODO, None)


def test_due_at_becomes_utc() -> None:
    changes = TaskPatch.model_validate({"due_at": "2027-01-31T18:00:00+03:00"}).changes()
    assert changes.given() == {"due_at": datetime(2027, 1, 31, 15, tzinfo=UTC)}


def test_due_at_can_be_removed() -> None:
    assert TaskPatch.model_validate({"due_at": None}).changes().given() == {"due_at": None}


def test_an_empty_change_is_refused() -> None:
    assert "nothing to change" in refusals(TaskPatch, {})[""]


@pytest.mark.parametrize(
    ("name", "value"),
    [("limit", "0"), ("limit", "101"), ("limit", "ten"), ("limit", "1e1"), ("status", "finished"), ("stats", "done")],
)
def test_a_query_out_of_range_or_unknown_is_refused(name: str, value: str) -> None:
    assert set(refusals(TaskQuery, {name: value})) == {name}
