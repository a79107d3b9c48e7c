"""What a client may send to /api/v1/tasks, checked. Pure: standard library only."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

STATUSES = ("todo", "in_progress", "done", "cancelled")
TITLE_LENGTH = 200  # characters; the same numbers are constraints in migrations/003_tasks.up.sql
DESCRIPTION_LENGTH = 10_000
BODY_BYTES = 64 * 1024


class BadInput(Exception):
    """The request is refused with `status` (400 not readable, 413 too long, 415 not JSON, 422 not acceptable)."""

    def __init__(self, status: int, sentence: str, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.status, self.sentence, self.fields = status, sentence, dict(fields or {})


def decode(body: bytes) -> dict[str, Any]:
    """The JSON object in `body`; BadInput says where the JSON breaks."""
    try:
        value = json.loads(body.decode(), parse_constant=refuse_constant)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise BadInput(400, f"The body is not JSON: {error.msg} at {place}.") from None
    except UnicodeDecodeError:
        raise BadInput(400, "The body is not UTF-8.") from None
    except (ValueError, RecursionError):
        raise BadInput(400, "The body is not JSON that can be read.") from None
    if not isinstance(value, dict):
        raise BadInput(422, "The body must be a JSON object.")
    return value


def refuse_constant(name: str) -> None:
    """NaN and Infinity, which Python would take, are not JSON."""
    raise ValueError(name)


def new_task(body: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a task to create; every problem of `body` is told at once (BadInput 422)."""
    if "title" not in body:
        body = {**body, "title": None}
    return {"description": "", "status": "todo", "due_at": None, **checked(body)}


def task_changes(body: Mapping[str, Any]) -> dict[str, Any]:
    """The columns to change, at least one; a field that is absent stays as it is."""
    changes = checked(body)
    if not changes:
        raise BadInput(422, f"Nothing to change: send at least one of {', '.join(FIELDS)}.")
    return changes


def checked(body: Mapping[str, Any]) -> dict[str, Any]:
    """`body` with each field parsed; BadInput 422 with every field that is not acceptable."""
    columns: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for name, value in body.items():
        try:
            columns[name] = FIELDS[name](value)
        except KeyError:
            wrong[printable(name)] = f"is not a field; known: {', '.join(FIELDS)}"
        except ValueError as error:
            wrong[name] = str(error)
    if wrong:
        raise BadInput(422, "Some fields are not acceptable.", wrong)
    return columns


def printable(name: str) -> str:
    """A client's field name, short and encodable, for an error about it."""
    return name[:60].encode(errors="replace").decode()


def title(value: Any) -> str:
    """A non-blank line of text; blanks around it are dropped."""
    text = plain_text(value, TITLE_LENGTH).strip()
    if not text or "\n" in text or "\r" in text:
        raise ValueError(f"must be one line of 1 to {TITLE_LENGTH} characters")
    return text


def description(value: Any) -> str:
    """Any text, also empty."""
    return plain_text(value, DESCRIPTION_LENGTH)


def plain_text(value: Any, longest: int) -> str:
    """Text that Postgres can store: no NUL, no half of a surrogate pair."""
    if not isinstance(value, str) or len(value) > longest:
        raise ValueError(f"must be text of at most {longest} characters")
    if "\0" in value or any("\ud800" <= char <= "\udfff" for char in value):
        raise ValueError("must not contain NUL or unpaired surrogates")
    return value


def status(value: Any) -> str:
    """One of the known states."""
    if value not in STATUSES:
        raise ValueError(f"must be one of {', '.join(STATUSES)}")
    return str(value)


def due_at(value: Any) -> datetime | None:
    """A moment in UTC from an ISO 8601 date-time with an offset, or None."""
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError
        return moment.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        raise ValueError("must be null or a date-time with an offset, such as 2027-01-31T18:00:00Z") from None


FIELDS: dict[str, Callable[[Any], Any]] = {
    "title": title,
    "description": description,
    "status": status,
    "due_at": due_at,
}
