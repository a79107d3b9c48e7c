"""What the use cases need of the outside."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol
from uuid import UUID

from backend.domain.callers import Caller
from backend.domain.paging import Slice
from backend.domain.tasks import NewTask, Task, TaskChanges, TaskFilter


class TaskStore(Protocol):
    """The tasks that the caller may see."""

    async def list(self, which: TaskFilter, part: Slice) -> Sequence[Task]:
        """The rows of `part`, and one more when a next page exists."""

    async def get(self, key: UUID) -> Task | None: ...

    async def create(self, task: NewTask) -> Task: ...

    async def update(self, key: UUID, changes: TaskChanges) -> Task | None: ...

    async def delete(self, key: UUID) -> bool: ...


class Stores(Protocol):
    """The stores of one transaction."""

    @property
    def tasks(self) -> TaskStore: ...


class Database(Protocol):
    """Where transactions are begun."""

    def acting_as(self, caller: Caller) -> AbstractAsyncContextManager[Stores]:
        """A transaction that row level security binds to `caller`; commits at the end, rolls back on an error."""
