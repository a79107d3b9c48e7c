"""Problems as `application/problem+json` (RFC 9457): status, title, one sentence, and each field that is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Match

from backend.domain.errors import BadQuery, Conflict, Forbidden, NotFound, Refused, Unavailable

MEDIA_TYPE = "application/problem+json"
STATUS = {BadQuery: 422, NotFound: 404, Conflict: 409, Forbidden: 403, Unavailable: 503}


class Wrong(BaseModel):
    """One value that is not acceptable."""

    where: str
    """`body`, `query`, `path` or `header`."""
    field: str
    """Its name; names inside lists and objects are joined by dots; empty for the whole."""
    detail: str


class Problem(BaseModel):
    """Why a request was not served."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: list[Wrong] = []


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What a route may answer beside success, for OpenAPI."""
    schema = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {each: {"description": HTTPStatus(each).phrase, "content": {MEDIA_TYPE: schema}} for each in statuses}


def response(status: int, detail: str, errors: Sequence[Wrong] = (), headers: dict[str, str] | None = None) -> Response:
    """The answer that tells the problem."""
    problem = Problem(title=HTTPStatus(status).phrase, status=status, detail=detail, errors=list(errors))
    return Response(problem.model_dump_json(exclude_defaults=False), status, headers, MEDIA_TYPE)


async def refused(request: Request, error: Refused) -> Response:
    """What the use cases refuse."""
    headers = {"Retry-After": "1"} if isinstance(error, Unavailable) and error.again else None
    return response(STATUS[type(error)], error.sentence, headers=headers)


async def http_error(request: Request, error: HTTPException) -> Response:
    """No such path, method not allowed, and what the HTTP side raises itself."""
    headers = dict(error.headers or {})
    if error.status_code == 405:
        headers["Allow"] = ", ".join(sorted(allowed(request)))
    return response(error.status_code, error.detail, headers=headers)


def allowed(request: Request) -> set[str]:
    """The methods that the path of `request` has, on any of its routes: each route knows its own alone."""
    routes = [route for route in request.app.routes if route.matches(request.scope)[0] is not Match.NONE]
    return {method for route in routes for method in getattr(route, "methods", None) or ()}


async def invalid(request: Request, error: RequestValidationError) -> Response:
    """What was sent does not have the form that OpenAPI tells: 400 where it is not JSON, else 422."""
    found = error.errors()
    broken = [each for each in found if each["type"] == "json_invalid"]
    if broken:
        return response(400, f"The body is not JSON: {broken[0]['ctx']['error']} at character {broken[0]['loc'][-1]}.")
    return response(422, "Some values are not acceptable.", [wrong(each["loc"], each["msg"]) for each in found])


def wrong(place: Sequence[str | int], detail: str) -> Wrong:
    """One of pydantic's errors. A name that the client made up is cut, and made fit for an answer."""
    where, *names = (str(each)[:60].encode(errors="replace").decode() for each in place)
    return Wrong(where=where, field=".".join(names), detail=detail.removeprefix("Value error, "))


async def client_gone(request: Request, error: Exception) -> Response:
    """The client went away before its body was here: no fault of ours, and nobody hears the answer."""
    return response(400, "The body was not sent to its end.")


async def unexpected(request: Request, error: Exception) -> Response:
    """A fault of ours: the traceback goes to the log, the client gets no detail."""
    return response(500, "Internal error; the log of the service has the cause.")


HANDLERS: dict[Any, Any] = {
    Refused: refused,
    HTTPException: http_error,
    RequestValidationError: invalid,
    ClientDisconnect: client_gone,
    Exception: unexpected,
}


def describe(app: FastAPI) -> None:
    """Put the schema of Problem into the OpenAPI document, where `responses` points to it."""
    made = app.openapi

    def openapi() -> dict[str, Any]:
        document = made()
        schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        parts = schema.pop("$defs", {})
        document.setdefault("components", {}).setdefault("schemas", {}).update(parts, Problem=schema)
        return document

    app.openapi = openapi  # type: ignore[method-assign]
