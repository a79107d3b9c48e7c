"""/, /health and /ready."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from backend.adapters.http import tasks
from backend.adapters.http.asked import name_of
from backend.domain import readiness

LINKS = {"alive": "/health", "ready": "/ready", "tasks": tasks.PATH, "openapi": "/openapi.json"}

router = APIRouter(tags=["service"], generate_unique_id_function=name_of)


@router.get("/")
async def index(request: Request) -> dict[str, str | dict[str, str]]:
    """What this is."""
    return {"service": request.app.title, "version": request.state.release or "unreleased", "links": LINKS}


@router.get("/ready", responses={503: {"description": "Something that the service needs does not answer"}})
async def ready(request: Request) -> JSONResponse:
    """200 when Postgres, Redis and the bucket all answer, else 503; the body names each."""
    body = readiness.report(await request.state.readiness.answers())
    return JSONResponse(body, 200 if body["ready"] else 503, {"Cache-Control": "no-store"})


async def alive(request: Request) -> JSONResponse:
    """The process answers; touches no dependency. A plain route: what FastAPI adds to one costs more than this does."""
    return JSONResponse({"status": "alive"})


ALIVE = Route("/health", alive)
