"""List, get, create, change and delete the tasks of a caller."""

from __future__ import annotations

from uuid import UUID

from backend.domain import paging
from backend.domain.callers import Caller
from backend.domain.errors import NotFound
from backend.domain.paging import Page, Slice
from backend.domain.requests import RequestKey
from backend.domain.tasks import NewTask, Task, TaskChanges, TaskFilter
from backend.usecases.ports import Database

MISSING = "There is no such task."


async def list_tasks(database: Database, caller: Caller, which: TaskFilter, part: Slice) -> Page[Task]:
    """One page of the caller's tasks, newest first."""
    async with database.acting_as(caller) as stores:
        return paging.page(await stores.tasks.list(which, part), part.limit)


async def get_task(database: Database, caller: Caller, key: UUID) -> Task:
    """The task. Raises NotFound, also for somebody else's."""
    async with database.acting_as(caller) as stores:
        return existing(await stores.tasks.get(key))


async def create_task(database: Database, caller: Caller, task: NewTask, key: RequestKey | None, new_id: UUID) -> Task:
    """The task that was made with this id, now or before; with a key, the one that was made the first time.

    Raises Invalid for a key of another request.
    """
    async with database.acting_as(caller) as stores:
        if key is None:
            return await stores.tasks.create(task, new_id)
        if before := await stores.keys.claim(key):
            return before
        made = await stores.tasks.create(task, new_id)
        await stores.keys.remember(key, made)
        return made


async def change_task(database: Database, caller: Caller, key: UUID, changes: TaskChanges) -> Task:
    """The changed task. Raises NotFound."""
    async with database.acting_as(caller) as stores:
        return existing(await stores.tasks.update(key, changes))


async def delete_task(database: Database, caller: Caller, key: UUID) -> None:
    """Remove the task. Raises NotFound."""
    async with database.acting_as(caller) as stores:
        if not await stores.tasks.delete(key):
            raise NotFound(MISSING)


def existing(task: Task | None) -> Task:
    """`task`, or the answer that a missing and a foreign one share."""
    if task is None:
        raise NotFound(MISSING)
    return task
