"""/api/v1/auth: register, log in, refresh, log out, and what one's account is."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import Response

from backend.adapters.http.auth_bodies import (
    Credentials,
    Farewell,
    PasswordChange,
    Refresh,
    Registration,
    SessionOut,
    TokensOut,
    UserOut,
)
from backend.adapters.http.dependencies import AuthOf, CallerOf, ClientOf, json_only, name_of
from backend.adapters.http.problems import responses
from backend.usecases import accounts, login
from backend.usecases.login import Scope

router = APIRouter(
    prefix="/api/v1/auth",
    tags=["auth"],
    responses=responses(400, 401, 414, 422, 503),
    generate_unique_id_function=name_of,
)
WRITES = {"dependencies": [Depends(json_only)]}
NO_STORE = {"Cache-Control": "no-store"}


@router.post("/register", status_code=201, responses=responses(403, 409, 413, 415, 429), **WRITES)
async def register(body: Registration, auth: AuthOf, client: ClientOf, response: Response) -> TokensOut:
    """Make an account and log in. No mail is sent: the address counts as confirmed."""
    response.headers.update(NO_STORE)
    return TokensOut.of(await accounts.register(auth, body.email, body.password, body.metadata, client), auth.now())


@router.post("/login", responses=responses(403, 413, 415, 429), **WRITES)
async def log_in(body: Credentials, auth: AuthOf, client: ClientOf, response: Response) -> TokensOut:
    """Log in. An unknown address and a wrong password are answered alike."""
    response.headers.update(NO_STORE)
    return TokensOut.of(await login.log_in(auth, body.email, body.password, client), auth.now())


@router.post("/refresh", responses=responses(403, 413, 415, 429), **WRITES)
async def refresh(body: Refresh, auth: AuthOf, client: ClientOf, response: Response) -> TokensOut:
    """Exchange the refresh token. Each is good once: used again, it ends the session."""
    response.headers.update(NO_STORE)
    return TokensOut.of(await login.refresh(auth, body.refresh_token, client), auth.now())


@router.post("/logout", status_code=204)
async def log_out(auth: AuthOf, caller: CallerOf) -> Response:
    """End this session; its access token stays good for the data until it expires."""
    await login.log_out(auth, caller)
    return Response(status_code=204)


@router.post("/logout-all", status_code=204)
async def log_out_everywhere(auth: AuthOf, caller: CallerOf) -> Response:
    """End all sessions of the account."""
    await login.log_out(auth, caller, Scope.GLOBAL)
    return Response(status_code=204)


@router.get("/me")
async def me(auth: AuthOf, caller: CallerOf) -> UserOut:
    """The account of the access token, while its session is open."""
    return UserOut.of(await login.me(auth, caller))


@router.post("/password", status_code=204, responses=responses(413, 415, 429), **WRITES)
async def change_password(body: PasswordChange, auth: AuthOf, caller: CallerOf, client: ClientOf) -> Response:
    """Set another password; all other sessions of the account end."""
    await accounts.change_password(auth, caller, body.current_password, body.new_password, client)
    return Response(status_code=204)


@router.post("/delete", status_code=204, responses=responses(409, 413, 415, 429), **WRITES)
async def delete_account(body: Farewell, auth: AuthOf, caller: CallerOf, client: ClientOf) -> Response:
    """Remove the account, with its profile and tasks; 409 while it has objects in the store."""
    await accounts.delete_account(auth, caller, body.password, client)
    return Response(status_code=204)


@router.get("/sessions")
async def list_sessions(auth: AuthOf, caller: CallerOf) -> list[SessionOut]:
    """The open sessions of the account, the one refreshed last first."""
    return [SessionOut.of(each, caller) for each in await login.list_sessions(auth, caller)]


@router.delete("/sessions/{key}", status_code=204, responses=responses(404))
async def end_session(key: UUID, auth: AuthOf, caller: CallerOf) -> Response:
    """End one session of the account."""
    await login.end_session(auth, caller, key)
    return Response(status_code=204)
