"""What a route is given of the request and of the service."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Security
from fastapi.routing import APIRoute
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from backend.domain import callers
from backend.domain.callers import Caller
from backend.domain.refusals import AuthRefused, Code
from backend.domain.sessions import Client
from backend.usecases.auth import Auth
from backend.usecases.ports import Buffer, Database

AGENT_LENGTH = 300  # characters of a User-Agent that are kept
# Dependencies are coroutines, also those that wait for nothing: FastAPI runs others in threads.
BEARER = HTTPBearer(bearerFormat="JWT", scheme_name="access token", auto_error=False)


async def auth_of(request: Request) -> Auth:
    """What logins are made with."""
    auth: Auth = request.state.auth
    return auth


AuthOf = Annotated[Auth, Depends(auth_of)]


async def database_of(request: Request) -> Database:
    """The service's database."""
    database: Database = request.state.database
    return database


async def caller_of(request: Request, sent: Annotated[HTTPAuthorizationCredentials | None, Security(BEARER)]) -> Caller:
    """Who the request acts for, by its access token. Raises AuthRefused (401)."""
    if sent is None:
        raise AuthRefused(Code.NO_AUTHORIZATION, "Send an access token as Authorization: Bearer …")
    auth: Auth = request.state.auth
    return callers.caller_of(auth.tokens.verify(sent.credentials, auth.now()))


async def client_of(request: Request) -> Client:
    """Where the request comes from; the server has taken the address from the trusted proxies."""
    return Client(request.headers.get("user-agent", "")[:AGENT_LENGTH], request.client.host if request.client else "")


async def json_only(request: Request) -> None:
    """Refuse a body that does not say that it is JSON (415)."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.method in ("POST", "PUT", "PATCH") and kind != "application/json":
        raise HTTPException(415, "Send the body as Content-Type: application/json.")


def name_of(route: APIRoute) -> str:
    """The operation's id in OpenAPI: the name of the function."""
    return route.name


def answer(body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A JSON answer that is written already: FastAPI would check what the types have promised once more."""
    return Response(body, status, headers, "application/json")


@dataclass(frozen=True)
class Keeping:
    """Where writes are kept while the database is away, if they are, and the time of the request."""

    buffer: Buffer | None
    now: datetime


async def keeping_of(request: Request) -> Keeping:
    """What keeps writes."""
    return Keeping(request.state.buffer, request.state.auth.now())


KeepingOf = Annotated[Keeping, Depends(keeping_of)]
CallerOf = Annotated[Caller, Depends(caller_of)]
ClientOf = Annotated[Client, Depends(client_of)]
DatabaseOf = Annotated[Database, Depends(database_of)]
