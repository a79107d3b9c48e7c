"""Refusals as GoTrue tells them: by the version that the client asks for, `{"code", "message"}` or the older
`{"code", "error_code", "msg"}`."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any

from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from redis.exceptions import RedisError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from backend.adapters.http import problems
from backend.domain.errors import Refused
from backend.domain.refusals import AuthRefused, Code

VERSION = "X-Supabase-Api-Version"
NEWER = "2024-01-01"

# GoTrue's own statuses; the rest is 400.
STATUS = {
    Code.ANONYMOUS_PROVIDER_DISABLED: 422,
    Code.BAD_JWT: 403,
    Code.NOT_IMPLEMENTED: 501,
    Code.NO_AUTHORIZATION: 401,
    Code.OVER_REQUEST_RATE_LIMIT: 429,
    Code.SAME_PASSWORD: 422,
    Code.SESSION_NOT_FOUND: 403,
    Code.SIGNUP_DISABLED: 422,
    Code.USER_ALREADY_EXISTS: 422,
    Code.USER_NOT_FOUND: 403,
    Code.WEAK_PASSWORD: 422,
}


class GoTrueRoute(APIRoute):
    """A route whose refusals have GoTrue's shape."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler of the route."""
        handle = super().get_route_handler()

        async def told(request: Request) -> Response:
            try:
                return await handle(request)
            except AuthRefused as error:
                status = STATUS.get(error.code, 400)
                return response(request, status, error.code, error.sentence, problems.again(error.wait))
            except Refused as error:
                status = problems.by_kind(problems.STATUS, error)
                return response(request, status, "unexpected_failure", error.sentence, problems.hints(error))
            except RedisError:
                return response(request, 503, "unexpected_failure", problems.REDIS_AWAY.sentence, problems.again(1))
            except RequestValidationError as error:
                return response(request, 400, *unreadable(error))
            except HTTPException as error:
                headers = dict(error.headers or {})
                return response(request, error.status_code, "validation_failed", error.detail, headers)

        return told


def unreadable(error: RequestValidationError) -> tuple[str, str]:
    """The code and the sentence for a body or a query that has not the form that OpenAPI tells."""
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        return "bad_json", "Could not parse request body as JSON"
    told = problems.wrong(first["loc"], first["msg"])
    return Code.VALIDATION_FAILED, f"{told.field or told.where}: {told.detail}"


def response(
    request: Request, status: int, code: str, sentence: str, headers: dict[str, str] | None = None
) -> Response:
    """The answer that tells the refusal."""
    newer = request.headers.get(VERSION, "") >= NEWER
    body: dict[str, Any] = {"code": code, "message": sentence}
    if not newer:
        body = {"code": status, "error_code": code, "msg": sentence}
    if code == Code.WEAK_PASSWORD:
        body["weak_password"] = {"reasons": ["length"]}
    version = {VERSION: NEWER} if newer else {}
    return Response(json.dumps(body), status, {**(headers or {}), **version}, "application/json")


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What a route may answer beside success, for OpenAPI."""
    schema = {
        "type": "object",
        "properties": {
            "code": {"type": ["string", "integer"]},
            "message": {"type": "string"},
            "error_code": {"type": "string"},
            "msg": {"type": "string"},
        },
        "required": ["code"],
    }
    content = {"application/json": {"schema": schema}, problems.MEDIA_TYPE: problems.SCHEMA}
    return {each: {"description": HTTPStatus(each).phrase, "content": content} for each in statuses}
