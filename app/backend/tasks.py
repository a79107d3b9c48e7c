"""/api/v1/tasks: list, create, get, patch and delete the tasks of a user."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from starlette.endpoints import HTTPEndpoint
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from backend import paging, task_store
from backend.db import acting_as
from backend.identity import user_of
from backend.task_input import BODY_BYTES, BadInput, decode, new_task, task_changes

PATH = "/api/v1/tasks"


async def list_tasks(request: Request) -> JSONResponse:
    """GET: {"items": [...], "next": token or null}; newest first; query: limit, after (a token), status."""
    user, page = user_of(request), paging.page(request.query_params)
    async with acting_as(request.state.database, user) as connection:
        rows = await task_store.listed(connection, user, page)
    shown, more = rows[: page.limit], len(rows) > page.limit
    last = paging.token(paging.Place(shown[-1]["created_at"], shown[-1]["id"])) if more else None
    return JSONResponse({"items": [as_json(row) for row in shown], "next": last})


async def create_task(request: Request) -> JSONResponse:
    """POST: 201 with the task and its Location."""
    user, columns = user_of(request), new_task(decode(await body_of(request)))
    async with acting_as(request.state.database, user) as connection:
        row = await task_store.created(connection, user, columns)
    task = as_json(existing(row))
    return JSONResponse(task, 201, {"Location": f"{PATH}/{task['id']}"})


async def get_task(request: Request) -> JSONResponse:
    """GET: the task, or 404."""
    user = user_of(request)
    async with acting_as(request.state.database, user) as connection:
        row = await task_store.found(connection, user, key_of(request))
    return JSONResponse(as_json(existing(row)))


async def patch_task(request: Request) -> JSONResponse:
    """PATCH: the changed task; fields that are absent stay as they are."""
    user, changes = user_of(request), task_changes(decode(await body_of(request)))
    async with acting_as(request.state.database, user) as connection:
        row = await task_store.updated(connection, user, key_of(request), changes)
    return JSONResponse(as_json(existing(row)))


async def delete_task(request: Request) -> Response:
    """DELETE: 204, or 404 when there is no such task."""
    user = user_of(request)
    async with acting_as(request.state.database, user) as connection:
        gone = await task_store.deleted(connection, user, key_of(request))
    if not gone:
        raise HTTPException(404, "There is no such task.")
    return Response(status_code=204)


def key_of(request: Request) -> UUID:
    """The task's id in the path; the route admits only UUIDs."""
    key: UUID = request.path_params["id"]
    return key


def existing(row: task_store.Row | None) -> task_store.Row:
    """`row`, or the 404 that a missing and a foreign task share."""
    if row is None:
        raise HTTPException(404, "There is no such task.")
    return row


async def body_of(request: Request) -> bytes:
    """The JSON body's bytes; BadInput 415 for another content type, 413 as soon as it is too long."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise BadInput(415, "Send the body as Content-Type: application/json.")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_BYTES:
            raise BadInput(413, f"The body is longer than {BODY_BYTES} bytes.")
    return body


def as_json(row: task_store.Row) -> dict[str, Any]:
    """A task as clients see it: ids as text, moments in UTC."""
    return {name: plain(value) for name, value in row.items()}


def plain(value: Any) -> Any:
    """`value` as JSON can hold it."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return str(value) if isinstance(value, UUID) else value


class TaskList(HTTPEndpoint):
    """The tasks of a user."""

    get = staticmethod(list_tasks)
    post = staticmethod(create_task)


class OneTask(HTTPEndpoint):
    """One task of a user."""

    get = staticmethod(get_task)
    patch = staticmethod(patch_task)
    delete = staticmethod(delete_task)


ROUTES = [Route(PATH, TaskList), Route(PATH + "/{id:uuid}", OneTask)]
