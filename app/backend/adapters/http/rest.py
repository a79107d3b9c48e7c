"""/rest/v1: Supabase's data API is not here, and says so in the shape that its clients read."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

BODY = {
    "code": "not_implemented",
    "message": "This backend has no /rest/v1: tables are reached through its own API only.",
    "details": None,
    "hint": "See /openapi.json, and move each query of supabase.from(…) to a route of its own.",
}


async def absent(request: Request) -> JSONResponse:
    """501, with the reason."""
    return JSONResponse(BODY, 501)


METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
ROUTES = [Route(path, absent, methods=METHODS) for path in ("/rest/v1", "/rest/v1/{rest:path}")]
