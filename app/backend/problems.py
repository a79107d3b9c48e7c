"""Errors as JSON: {"error": one sentence, "fields": {name: what is expected}}."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import psycopg
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse

from backend.task_input import BadInput


@dataclass(frozen=True)
class Problem:
    """A failure as the client sees it."""

    status: int
    error: str
    fields: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


def response(problem: Problem) -> JSONResponse:
    """`problem` as an HTTP answer."""
    body: dict[str, Any] = {"error": problem.error}
    if problem.fields:
        body["fields"] = dict(problem.fields)
    return JSONResponse(body, problem.status, dict(problem.headers))


async def bad_input(request: Request, error: BadInput) -> JSONResponse:
    """What the client sent cannot be accepted."""
    return response(Problem(error.status, error.sentence, error.fields))


async def http_error(request: Request, error: HTTPException) -> JSONResponse:
    """No such path, method not allowed, and what handlers raise themselves."""
    return response(Problem(error.status_code, error.detail, headers=error.headers or {}))


async def client_gone(request: Request, error: Exception) -> JSONResponse:
    """The client went away before its body was here: no fault of ours, and nobody hears the answer."""
    return response(Problem(400, "The body was not sent to its end."))


async def database_away(request: Request, error: Exception) -> JSONResponse:
    """Postgres cannot be reached, or ended the connection, or no connection came free in time."""
    return response(Problem(503, "The database does not answer; see /ready.", headers={"Retry-After": "1"}))


async def schema_missing(request: Request, error: Exception) -> JSONResponse:
    """The tables are not there."""
    return response(Problem(503, "The database has no schema yet; run: invoke db.migrate"))


async def user_missing(request: Request, error: Exception) -> JSONResponse:
    """The demo user is not in the table of users."""
    return response(Problem(409, "The demo user does not exist; load the fixtures: invoke db.fixtures"))


async def unexpected(request: Request, error: Exception) -> JSONResponse:
    """A fault of ours: the traceback goes to the log, the client gets no detail."""
    return response(Problem(500, "Internal error; the log of the service has the cause."))


HANDLERS: dict[Any, Any] = {
    BadInput: bad_input,
    HTTPException: http_error,
    ClientDisconnect: client_gone,
    psycopg.OperationalError: database_away,
    psycopg.errors.UndefinedTable: schema_missing,
    psycopg.errors.ForeignKeyViolation: user_missing,
    Exception: unexpected,
}
