"""Tasks: what one is, what a caller may set, and what a list can be asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from backend.domain.paging import Place
from backend.domain.unset import UNSET, Unset, given

TITLE_LENGTH = 200  # characters; the same numbers are constraints in migrations/003_tasks.up.sql
DESCRIPTION_LENGTH = 10_000


class Status(StrEnum):
    """Where a task is; `completed_at` is set as long as it is `done`."""

    TODO = "todo"
    IN_PROGRESS = "in_progress"
    DONE = "done"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Task:
    """One task of a user; moments are in UTC."""

    id: UUID
    title: str
    description: str
    status: Status
    due_at: datetime | None
    completed_at: datetime | None
    metadata: Mapping[str, Any]
    created_at: datetime
    updated_at: datetime

    @property
    def place(self) -> Place:
        """Where it is in a list, newest first."""
        return Place(self.created_at, self.id)


@dataclass(frozen=True, slots=True)
class NewTask:
    """A task to create."""

    title: str
    description: str = ""
    status: Status = Status.TODO
    due_at: datetime | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TaskChanges:
    """What to change of a task; a field that is UNSET stays."""

    title: str | Unset = UNSET
    description: str | Unset = UNSET
    status: Status | Unset = UNSET
    due_at: datetime | Unset | None = UNSET
    metadata: Mapping[str, Any] | Unset = UNSET

    def given(self) -> dict[str, Any]:
        """The fields to change, by name."""
        return given(self)


@dataclass(frozen=True, slots=True)
class TaskFilter:
    """Which tasks of the caller a list has: of one status, and whose metadata contains this; all of them without either."""

    status: Status | None = None
    metadata: Mapping[str, Any] | None = None
