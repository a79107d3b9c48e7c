"""What clients may send to the tasks API: table of input and answer."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[3] / "app"))

from backend.task_input import BadInput, decode, new_task, task_changes


@pytest.mark.parametrize(
    ("body", "status", "part"),
    [
        (b"", 400, "line 1, column 1"),
        (b'{"title": "a",}', 400, "line 1, column"),
        (b'{\n "title": x}', 400, "line 2, column 11"),
        (b'{"title": NaN}', 400, "not JSON"),
        (b"\xff\xfe", 400, "not UTF-8"),
        (b"[" * 60_000, 400, "not JSON"),
        (b'{"n": ' + b"9" * 5000 + b"}", 400, "not JSON"),
        (b'["title"]', 422, "must be a JSON object"),
        (b"null", 422, "must be a JSON object"),
    ],
)
def test_a_body_that_is_not_a_json_object_is_refused(body: bytes, status: int, part: str) -> None:
    with pytest.raises(BadInput) as refusal:
        decode(body)
    assert refusal.value.status == status and part in refusal.value.sentence


@pytest.mark.parametrize(
    ("field", "value", "part"),
    [
        ("title", None, "text of at most 200"),
        ("title", 7, "text of at most 200"),
        ("title", "x" * 201, "at most 200"),
        ("title", " \t ", "one line of 1 to 200"),
        ("title", "two\nlines", "one line"),
        ("title", "a\0b", "NUL"),
        ("title", "\ud800", "surrogates"),
        ("description", None, "text"),
        ("description", "x" * 10_001, "at most 10000"),
        ("status", "finished", "todo, in_progress, done, cancelled"),
        ("status", ["todo"], "must be one of"),
        ("due_at", "tomorrow", "with an offset"),
        ("due_at", "2027-01-31T18:00:00", "with an offset"),
        ("due_at", 1, "with an offset"),
        ("due_at", "0001-01-01T00:00:00+02:00", "with an offset"),
        ("owner", "me", "is not a field; known: title, description, status, due_at"),
    ],
)
def test_a_field_that_is_not_acceptable_is_named(field: str, value: Any, part: str) -> None:
    with pytest.raises(BadInput) as refusal:
        new_task({"title": "ok", field: value})
    assert refusal.value.status == 422 and part in refusal.value.fields[field]


def test_every_wrong_field_is_told_at_once() -> None:
    with pytest.raises(BadInput) as refusal:
        new_task({"status": "x", "due_at": "y"})
    assert set(refusal.value.fields) == {"title", "status", "due_at"}


def test_an_unknown_field_name_can_always_be_answered() -> None:
    with pytest.raises(BadInput) as refusal:
        new_task({"title": "ok", "\ud800" * 100: 1})
    assert json.dumps(refusal.value.fields, ensure_ascii=False).encode()


def test_a_new_task_gets_defaults_and_a_trimmed_title() -> None:
    assert new_task({"title": "  Купить хлеб "}) == {
        "title": "Купить хлеб",
        "description": "",
        "status": "todo",
        "due_at": None,
    }


def test_due_at_becomes_utc() -> None:
    changes = task_changes({"due_at": "2027-01-31T18:00:00+03:00"})
    assert changes == {"due_at": datetime(2027, 1, 31, 15, tzinfo=UTC)}


def test_due_at_can_be_removed() -> None:
    assert task_changes({"due_at": None}) == {"due_at": None}


def test_an_empty_change_is_refused() -> None:
    with pytest.raises(BadInput, match="Nothing to change"):
        task_changes({})
