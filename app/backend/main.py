"""The ASGI application: its routes, and what it opens at start and closes at the end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.middleware import Middleware

from backend.adapters.http import probes, problems, tasks
from backend.adapters.http.limits import Limits
from backend.adapters.objects.client import objects_check, s3_client
from backend.adapters.postgres.pool import PostgresDatabase, pool_for
from backend.adapters.postgres.readiness import postgres_check
from backend.adapters.redis.client import redis_check, redis_client
from backend.domain.readiness import Readiness
from backend.settings import Settings


def application(settings: Settings) -> FastAPI:
    """The service as an ASGI application; it starts with its dependencies up or down."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
        async with resources(settings) as state:
            yield state

    return described(lifespan=lifespan)


def described(**more: Any) -> FastAPI:
    """The application with its routes; what it needs of the environment is made in `lifespan`."""
    app = FastAPI(
        title="Slipway reference backend",
        version="1",
        docs_url=None,  # its pages load from elsewhere; /openapi.json can be read by any of them
        redoc_url=None,
        # A redirect to the path without its last slash would name the host that the client has sent, whatever it is.
        redirect_slashes=False,
        exception_handlers=problems.HANDLERS,
        middleware=[Middleware(Limits)],
        **more,
    )
    # Not include_router: behind that, no route says its methods, which the answer 405 has to name.
    app.router.routes += [probes.ALIVE, *probes.router.routes, *tasks.router.routes]
    problems.describe(app)
    return app


@asynccontextmanager
async def resources(settings: Settings) -> AsyncIterator[dict[str, Any]]:
    """Database and readiness for `request.state`; every connection is closed at the end."""
    database, redis = PostgresDatabase(pool_for(settings.database_url)), redis_client(settings.redis_url)
    await database.open()
    checks = {
        "postgres": postgres_check(settings.database_url),
        "redis": redis_check(redis),
        "objects": objects_check(settings.objects),
    }
    warming = asyncio.create_task(asyncio.to_thread(s3_client, settings.objects))
    try:
        yield {"database": database, "readiness": Readiness(checks), "release": settings.release}
    finally:
        await asyncio.gather(database.close(), redis.aclose(), warming, return_exceptions=True)
        logging.getLogger("backend").info("stopped: connections closed")
