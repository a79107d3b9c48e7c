"""/api/v1/tasks: list, create, get, change and delete the tasks of a user."""

from __future__ import annotations

from hashlib import sha256
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query
from pydantic import TypeAdapter
from starlette.responses import Response

from backend.adapters.http.dependencies import CallerOf, DatabaseOf, KeepingOf, answer, json_only, name_of
from backend.adapters.http.problems import responses
from backend.adapters.http.task_bodies import Kept, TaskBody, TaskPatch, TaskQuery
from backend.domain.kept import KeptTask
from backend.domain.paging import Page
from backend.domain.requests import KEY_LENGTH, RequestKey
from backend.domain.tasks import Task
from backend.usecases import kept, tasks

PATH = "/api/v1/tasks"
KeyOf = Annotated[
    str | None,
    Header(min_length=1, max_length=KEY_LENGTH, description="Any text that the client gives this request alone."),
]
KEPT: dict[int | str, dict[str, Any]] = {202: {"model": Kept, "description": "Kept until the database is back"}}
ONE, MANY = TypeAdapter(Task), TypeAdapter(Page[Task])

WRITES = [Depends(json_only)]

router = APIRouter(
    prefix=PATH,
    tags=["tasks"],
    responses=responses(400, 401, 403, 414, 422, 503),
    generate_unique_id_function=name_of,
)


@router.get("", response_model=Page[Task])
async def list_tasks(query: Annotated[TaskQuery, Query()], caller: CallerOf, database: DatabaseOf) -> Response:
    """The caller's tasks, newest first; `next` is the value of `after` for the page that follows."""
    return answer(MANY.dump_json(await tasks.list_tasks(database, caller, query.filter(), query.slice())))


@router.post(
    "", status_code=201, response_model=Task, responses={**KEPT, **responses(409, 413, 415)}, dependencies=WRITES
)
async def create_task(
    body: TaskBody, caller: CallerOf, database: DatabaseOf, keeping: KeepingOf, idempotency_key: KeyOf = None
) -> Response:
    """Make a task; `Location` says where it is. Sent again with the same `Idempotency-Key`, within a day, it makes none.

    202: the database is away; the task is kept on disk, and made under this id as soon as it is back.
    """
    content = sha256(body.model_dump_json().encode()).hexdigest()
    key = None if idempotency_key is None else RequestKey(idempotency_key, content)
    made = await kept.create_or_keep(database, keeping.buffer, caller, body.task(), key, keeping.now)
    place = {"Location": f"{PATH}/{made.id}"}
    if isinstance(made, KeptTask):
        return answer(Kept(id=made.id, accepted_at=made.accepted_at).model_dump_json().encode(), 202, place)
    return answer(ONE.dump_json(made), 201, place)


@router.get("/{key}", response_model=Task, responses=responses(404))
async def get_task(key: UUID, caller: CallerOf, database: DatabaseOf) -> Response:
    """One task; 404 also for somebody else's."""
    return answer(ONE.dump_json(await tasks.get_task(database, caller, key)))


@router.patch("/{key}", response_model=Task, responses=responses(404, 413, 415), dependencies=WRITES)
async def change_task(key: UUID, body: TaskPatch, caller: CallerOf, database: DatabaseOf) -> Response:
    """Change a task; a field that is absent stays as it is."""
    return answer(ONE.dump_json(await tasks.change_task(database, caller, key, body.changes())))


@router.delete("/{key}", status_code=204, responses=responses(404))
async def delete_task(key: UUID, caller: CallerOf, database: DatabaseOf) -> Response:
    """Remove a task."""
    await tasks.delete_task(database, caller, key)
    return Response(status_code=204)
