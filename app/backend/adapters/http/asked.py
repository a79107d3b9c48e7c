"""What a route is given of the request and of the service."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import Request

from backend.domain.callers import DEMO_USER, Caller
from backend.usecases.ports import Database


def caller_of(request: Request) -> Caller:
    """Who the request acts for: always the demo user.

    There is no authentication yet. Until there is, do not put data behind this API that not everybody who reaches it
    may read and change.
    """
    return Caller(DEMO_USER, {})


def database_of(request: Request) -> Database:
    """The service's database."""
    database: Database = request.state.database
    return database


def json_only(request: Request) -> None:
    """Refuse a body that does not say that it is JSON (415)."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.method in ("POST", "PUT", "PATCH") and kind != "application/json":
        raise HTTPException(415, "Send the body as Content-Type: application/json.")


def name_of(route: APIRoute) -> str:
    """The operation's id in OpenAPI: the name of the function."""
    return route.name


CallerOf = Annotated[Caller, Depends(caller_of)]
DatabaseOf = Annotated[Database, Depends(database_of)]
