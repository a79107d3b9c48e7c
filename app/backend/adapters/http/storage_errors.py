"""Refusals as Supabase's storage tells them: `{"statusCode", "error", "message"}`."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine, Mapping
from http import HTTPStatus
from typing import Any

from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from backend.adapters.http import problems
from backend.adapters.links import LinkRefused
from backend.domain.errors import Conflict, Forbidden, Invalid, NotFound, Refused, Unavailable
from backend.domain.refusals import AuthRefused

KNOWN: dict[type[Refused], tuple[int, str]] = {
    AuthRefused: (403, "Unauthorized"),
    Conflict: (409, "Duplicate"),
    Forbidden: (403, "Unauthorized"),
    Invalid: (400, "InvalidRequest"),
    LinkRefused: (400, "InvalidJWT"),
    NotFound: (404, "not_found"),
    Unavailable: (503, "InternalError"),
}


class StorageRoute(APIRoute):
    """A route whose refusals have the shape that storage-js reads."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler of the route."""
        handle = super().get_route_handler()

        async def told(request: Request) -> Response:
            try:
                return await handle(request)
            except Refused as error:
                return response(*problems.by_kind(KNOWN, error), error.sentence, problems.hints(error))
            except RequestValidationError as error:
                first = error.errors()[0]
                wrong = problems.wrong(first["loc"], first["msg"])
                return response(400, "InvalidRequest", f"{wrong.field or wrong.where}: {wrong.detail}")
            except HTTPException as error:
                name = HTTPStatus(error.status_code).phrase
                return response(error.status_code, name, error.detail, error.headers)
            except ClientDisconnect:
                return response(400, "InvalidRequest", "The body was not sent to its end.")

        return told


def response(status: int, error: str, sentence: str, headers: Mapping[str, str] | None = None) -> Response:
    """The answer that tells the refusal."""
    body = {"statusCode": str(status), "error": error, "message": sentence}
    return Response(json.dumps(body), status, headers, "application/json")


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What a route may answer beside success, for OpenAPI."""
    names = ("statusCode", "error", "message")
    schema = {
        "type": "object",
        "properties": {name: {"type": "string"} for name in names},
        "required": list(names),
    }
    content = {"application/json": {"schema": schema}}
    return {each: {"description": HTTPStatus(each).phrase, "content": content} for each in statuses}
