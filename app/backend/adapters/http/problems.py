"""Problems as `application/problem+json` (RFC 9457): status, title, one sentence, and each field that is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, TypeVar

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from redis.exceptions import RedisError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Match

from backend.domain.errors import Conflict, Forbidden, Invalid, NotFound, Refused, Unavailable
from backend.domain.refusals import AuthRefused, Code

MEDIA_TYPE = "application/problem+json"
SCHEMA = {"schema": {"$ref": "#/components/schemas/Problem"}}
STATUS = {Invalid: 422, NotFound: 404, Conflict: 409, Forbidden: 403, Unavailable: 503}
T = TypeVar("T")
# Of a login that is refused; the rest is 401: to be answered by logging in.
CODES = {
    Code.ANONYMOUS_PROVIDER_DISABLED: 422,
    Code.EMAIL_NOT_CONFIRMED: 403,
    Code.NOT_IMPLEMENTED: 501,
    Code.OVER_REQUEST_RATE_LIMIT: 429,
    Code.SAME_PASSWORD: 422,
    Code.SIGNUP_DISABLED: 403,
    Code.USER_ALREADY_EXISTS: 409,
    Code.USER_BANNED: 403,
    Code.VALIDATION_FAILED: 422,
    Code.WEAK_PASSWORD: 422,
}


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
    code: str | None = None
    """GoTrue's name for the reason, where logins are concerned."""
    errors: list[Wrong] = []


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What a route may answer beside success, for OpenAPI."""
    return {each: {"description": HTTPStatus(each).phrase, "content": {MEDIA_TYPE: SCHEMA}} for each in statuses}


def response(
    status: int,
    detail: str,
    errors: Sequence[Wrong] = (),
    headers: Mapping[str, str] | None = None,
    code: str | None = None,
) -> Response:
    """The answer that tells the problem."""
    problem = Problem(title=HTTPStatus(status).phrase, status=status, detail=detail, code=code, errors=list(errors))
    return Response(problem.model_dump_json(exclude_none=True), status, headers, MEDIA_TYPE)


async def refused(request: Request, error: Refused) -> Response:
    """What the use cases refuse."""
    if isinstance(error, AuthRefused):
        status = CODES.get(error.code, 401)
        return response(status, error.sentence, headers=hints(error, status), code=error.code)
    return response(by_kind(STATUS, error), error.sentence, headers=hints(error))


def by_kind(told: Mapping[type[Refused], T], error: Refused) -> T:
    """What `told` has for the kind of `error`, or for what that is a kind of."""
    return next(told[kind] for kind in type(error).__mro__ if kind in told)


def hints(error: Refused, status: int | None = None) -> dict[str, str]:
    """The headers that say how to go on: when to try again, and by what to show who one is."""
    if isinstance(error, AuthRefused):
        return {"WWW-Authenticate": "Bearer"} if status == 401 else again(error.wait)
    return again(1 if isinstance(error, Unavailable) and error.again else None)


def again(seconds: int | None) -> dict[str, str]:
    """The header that says when to try again."""
    return {} if seconds is None else {"Retry-After": str(seconds)}


async def redis_away(request: Request, error: RedisError) -> Response:
    """Logins need Redis; access tokens that are there are good without it."""
    return await refused(request, REDIS_AWAY)


REDIS_AWAY = Unavailable("Logins do not work now: Redis does not answer; see /ready.")


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
    broken = [each for each in found if each["type"] == "json_invalid" and each["loc"][0] == "body"]
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
    RedisError: redis_away,
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
