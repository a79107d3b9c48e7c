"""The ASGI application: its routes, and what it opens at start and closes at the end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from backend import health, problems, tasks
from backend.db import close_database, open_database
from backend.dependencies import objects_check, postgres_check, redis_check, redis_client, s3_client
from backend.settings import Settings
from backend.urls import ShortUrls

URL_BYTES = 8192  # of a path with its query
LINKS = {"alive": "/health", "ready": "/ready", "tasks": tasks.PATH}


def application(settings: Settings) -> Starlette:
    """The service as an ASGI application; it starts with its dependencies up or down."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[dict[str, Any]]:
        async with resources(settings) as state:
            yield state

    routes = [Route("/", index), Route("/health", alive), Route("/ready", ready), *tasks.ROUTES]
    app = Starlette(
        routes=routes,
        lifespan=lifespan,
        exception_handlers=problems.HANDLERS,
        middleware=[Middleware(ShortUrls, longest=URL_BYTES)],
    )
    # A redirect to the path without its last slash would name the host that the client has sent, whatever it is.
    app.router.redirect_slashes = False
    return app


@asynccontextmanager
async def resources(settings: Settings) -> AsyncIterator[dict[str, Any]]:
    """Database and readiness for `request.state`; every connection is closed at the end."""
    database, redis = await open_database(settings.database_url), redis_client(settings.redis_url)
    checks = {
        "postgres": postgres_check(settings.database_url),
        "redis": redis_check(redis),
        "objects": objects_check(settings.objects),
    }
    warming = asyncio.create_task(asyncio.to_thread(s3_client, settings.objects))
    try:
        yield {"database": database, "readiness": health.Readiness(checks), "release": settings.release}
    finally:
        await asyncio.gather(close_database(database), redis.aclose(), warming, return_exceptions=True)
        logging.getLogger("backend").info("stopped: connections closed")


async def index(request: Request) -> JSONResponse:
    """GET /: what this is."""
    return JSONResponse(
        {"service": "Slipway reference backend", "version": request.state.release or "unreleased", "links": LINKS}
    )


async def alive(request: Request) -> JSONResponse:
    """GET /health: the process answers; touches no dependency."""
    return JSONResponse({"status": "alive"})


async def ready(request: Request) -> JSONResponse:
    """GET /ready: 200 when Postgres, Redis and the bucket all answer, else 503; the body names each."""
    body = health.report(await request.state.readiness.answers())
    return JSONResponse(body, 200 if body["ready"] else 503, {"Cache-Control": "no-store"})
