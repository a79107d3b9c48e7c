"""/, /health and /ready."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from backend.adapters.http import tasks
from backend.adapters.http.dependencies import name_of
from backend.domain import readiness

LINKS = {"alive": "/health", "ready": "/ready", "tasks": tasks.PATH, "openapi": "/openapi.json"}

router = APIRouter(tags=["service"], generate_unique_id_function=name_of)


@router.get("/")
async def index(request: Request) -> dict[str, str | dict[str, str]]:
    """What this is."""
    return {"service": request.app.title, "version": request.state.release or "unreleased", "links": LINKS}


class Dependency(BaseModel):
    """What one dependency answered, in `ms` milliseconds; `reason` is there when it is not `ok`."""

    ok: bool
    ms: float
    reason: str = ""


class Buffered(BaseModel):
    """Writes that are kept on disk: those that wait for the database, and those that it did not take."""

    waiting: int
    refused: int
    full: bool


class Ready(BaseModel):
    """Whether everything that the service needs answers."""

    ready: bool
    dependencies: dict[str, Dependency]
    buffer: Buffered | None = None


NOT_READY: dict[int | str, dict[str, Any]] = {
    503: {"model": Ready, "description": "Something that the service needs does not answer"}
}


@router.get("/ready", response_model=Ready, responses=NOT_READY)
async def ready(request: Request) -> JSONResponse:
    """200 when Postgres, Redis and the bucket all answer, else 503; the body names each."""
    body = readiness.report(await request.state.readiness.answers())
    if buffer := request.state.buffer:
        fill = await buffer.look()
        body["buffer"] = {"waiting": fill.waiting, "refused": fill.refused, "full": fill.full}
    return JSONResponse(body, 200 if body["ready"] else 503, {"Cache-Control": "no-store"})


class Alive(BaseModel):
    """The process answers."""

    status: Literal["alive"] = "alive"


@router.get("/health")
async def alive(request: Request) -> Alive:
    """The process answers; touches no dependency."""
    return Alive()


async def alive_at_once(request: Request) -> JSONResponse:
    """The same, on a plain route that stands before it: what FastAPI adds to one costs more than the answer."""
    return JSONResponse({"status": "alive"})


ALIVE = Route("/health", alive_at_once)
