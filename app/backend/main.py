"""The ASGI application: its routes, and what it opens at start and closes at the end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from backend.adapters.http import (
    auth,
    gotrue,
    metrics,
    probes,
    problems,
    profile,
    rest,
    storage,
    storage_uploads,
    supabase_storage,
    tasks,
)
from backend.adapters.http.limits import PATIENCE, Limits
from backend.adapters.http.observing import Observing
from backend.resources import resources
from backend.settings import Settings

# Tokens travel in a header and never in a cookie, so no origin needs credentials.
CORS: dict[str, Any] = {
    "allow_methods": ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
    "allow_headers": ["*"],
    "expose_headers": ["Content-Range", "ETag", "Location", "Retry-After", "X-Supabase-Api-Version"],
    "max_age": 600,
}


def application(settings: Settings) -> FastAPI:
    """The service as an ASGI application; it starts with its dependencies up or down."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
        async with resources(settings) as state:
            yield state

    more = (
        [Middleware(CORSMiddleware, **CORS, allow_origins=list(settings.cors_origins))] if settings.cors_origins else []
    )
    return described(more, settings.client_patience, lifespan=lifespan)


def described(outer: Sequence[Middleware] = (), patience: float = PATIENCE, **more: Any) -> FastAPI:
    """The application with its routes; what it needs of the environment is made in `lifespan`."""
    app = FastAPI(
        title="Slipway reference backend",
        version="1",
        docs_url=None,  # its pages load from elsewhere; /openapi.json can be read by any of them
        redoc_url=None,
        # A redirect to the path without its last slash would name the host that the client has sent, whatever it is.
        redirect_slashes=False,
        exception_handlers=problems.HANDLERS,
        middleware=[Middleware(Observing), *outer, Middleware(Limits, patience=patience)],
        **more,
    )
    # Not include_router: behind that, no route says its methods, which the answer 405 has to name.
    app.router.routes += [probes.ALIVE, *metrics.ROUTES, *rest.ROUTES]
    for each in (probes, auth, profile, tasks, storage, storage_uploads, gotrue, supabase_storage):
        app.router.routes += each.router.routes
    problems.describe(app)
    return app
