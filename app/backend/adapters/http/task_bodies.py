"""What clients may send to /api/v1/tasks."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, Json, model_validator

from backend.adapters.http.fields import Document, Moment, line, text
from backend.domain import paging
from backend.domain.paging import DEFAULT_LIMIT, MAX_LIMIT, Slice
from backend.domain.tasks import DESCRIPTION_LENGTH, TITLE_LENGTH, NewTask, Status, TaskChanges, TaskFilter
from backend.domain.unset import UNSET

Title, Description = line(TITLE_LENGTH), text(DESCRIPTION_LENGTH)


class TaskQuery(BaseModel):
    """Which tasks to list."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(DEFAULT_LIMIT, ge=1, le=MAX_LIMIT, description="Rows of a page.")
    after: str | None = Field(None, description="The `next` of the page before.")
    status: Status | None = Field(None, description="Only tasks of this status.")
    metadata: Json[Document] | None = Field(
        None,
        description="Only tasks whose metadata contains this JSON object, as jsonb's @> says.",
        examples=['{"a": 1}'],
    )

    def filter(self) -> TaskFilter:
        """Which tasks."""
        return TaskFilter(self.status, self.metadata)

    def slice(self) -> Slice:
        """Which part of them. Raises BadQuery for a token of no list."""
        return Slice(self.limit, None if self.after is None else paging.place(self.after))


class TaskBody(BaseModel):
    """A task to create."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"title": "Water the plants"}]})

    title: Title
    description: Description = ""
    status: Status = Status.TODO
    due_at: Moment | None = None
    metadata: Document = {}

    def task(self) -> NewTask:
        """The task."""
        return NewTask(self.title, self.description, self.status, self.due_at, self.metadata)


class Kept(BaseModel):
    """A task that is to be made when the database is back, under this id."""

    id: UUID
    accepted_at: datetime
    kept: Literal[True] = True


class Changes(BaseModel):
    """A change of at least one field."""

    @model_validator(mode="before")
    @classmethod
    def not_empty(cls, value: Any) -> Any:
        """Refuse a change of nothing."""
        if value == {}:
            raise ValueError(f"nothing to change: send at least one of {', '.join(cls.model_fields)}")
        return value


class TaskPatch(Changes):
    """What to change of a task: at least one field."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"minProperties": 1, "examples": [{"status": "done"}]})

    title: Title = Field(default_factory=lambda: UNSET)
    description: Description = Field(default_factory=lambda: UNSET)
    status: Status = Field(default_factory=lambda: UNSET)
    due_at: Moment | None = Field(default_factory=lambda: UNSET)
    metadata: Document = Field(default_factory=lambda: UNSET)

    def changes(self) -> TaskChanges:
        """The changes."""
        return TaskChanges(self.title, self.description, self.status, self.due_at, self.metadata)
