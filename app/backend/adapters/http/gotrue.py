"""/auth/v1: the part of Supabase's auth server (GoTrue) that its clients need to log in with a password.

Shapes, codes and words are GoTrue's, so that a front end written with supabase-js only changes its address.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from backend.adapters.http import gotrue_errors
from backend.adapters.http.dependencies import AuthOf, CallerOf, ClientOf, name_of
from backend.adapters.http.gotrue_bodies import Grant, SessionOut, SignUp, UserChange, UserOut, session_out, user_out
from backend.adapters.http.gotrue_errors import GoTrueRoute
from backend.domain.refusals import AuthRefused, Code
from backend.usecases import accounts, login
from backend.usecases.login import Scope

PREFIX = "/auth/v1"
ABSENT = "recover", "otp", "magiclink", "resend", "verify", "invite", "authorize", "callback", "reauthenticate", "sso"

router = APIRouter(
    prefix=PREFIX,
    tags=["supabase auth"],
    route_class=GoTrueRoute,
    responses=gotrue_errors.responses(400, 401, 403, 413, 414, 422, 429, 501, 503),
    generate_unique_id_function=lambda route: f"gotrue_{name_of(route)}",
)


@router.post("/token")
async def token(
    body: Grant, auth: AuthOf, client: ClientOf, response: Response, grant_type: Annotated[str, Query()] = ""
) -> SessionOut:
    """Log in (`grant_type=password`), or exchange a refresh token (`grant_type=refresh_token`)."""
    response.headers["Cache-Control"] = "no-store"
    if grant_type == "password":
        granted = await login.log_in(auth, needed(body.email, "email"), needed(body.password, "password"), client)
    elif grant_type == "refresh_token":
        granted = await login.refresh(auth, needed(body.refresh_token, "refresh_token"), client)
    else:
        raise AuthRefused(
            Code.NOT_IMPLEMENTED,
            "This backend grants by password and refresh_token only: set grant_type to one of them.",
        )
    return await session_out(auth, granted)


@router.post("/signup")
async def signup(body: SignUp, auth: AuthOf, client: ClientOf, response: Response) -> SessionOut:
    """Make an account with an address and a password, and log in: no mail is sent, the address counts as confirmed."""
    response.headers["Cache-Control"] = "no-store"
    if body.email is None and body.password is None:
        raise AuthRefused(Code.ANONYMOUS_PROVIDER_DISABLED, "Anonymous sign-ins are disabled")
    email, password = needed(body.email, "email"), needed(body.password, "password")
    return await session_out(auth, await accounts.register(auth, email, password, body.data or {}, client))


@router.get("/user")
async def user(auth: AuthOf, caller: CallerOf) -> UserOut:
    """The user of the access token, while its session is open."""
    return await user_out(auth, await login.me(auth, caller))


@router.put("/user")
async def change_user(body: UserChange, auth: AuthOf, caller: CallerOf) -> UserOut:
    """Set another password, or merge `data` into the user's metadata."""
    if body.email is not None or body.phone is not None:
        raise AuthRefused(
            Code.NOT_IMPLEMENTED, "This backend sends no mail and no message: it cannot change an address."
        )
    found = await login.me(auth, caller)
    if body.password is not None:
        found = await accounts.set_password(auth, caller, found, body.password)
    if body.data is not None:
        found = await accounts.set_metadata(auth, found, body.data)
    return await user_out(auth, found)


@router.post("/logout", status_code=204)
async def logout(auth: AuthOf, caller: CallerOf, scope: Annotated[Scope, Query()] = Scope.GLOBAL) -> Response:
    """End sessions: all of the user's (`global`), the one of the token (`local`), or all but that (`others`)."""
    await login.open_one(auth, caller)
    await login.log_out(auth, caller, scope)
    return Response(status_code=204)


@router.get("/settings")
async def settings(auth: AuthOf) -> dict[str, Any]:
    """What ways to log in there are."""
    return {
        "external": {"email": True, "phone": False, "anonymous_users": False},
        "disable_signup": not auth.registration,
        "mailer_autoconfirm": True,
        "phone_autoconfirm": False,
        "sms_provider": "",
        "saml_enabled": False,
    }


@router.get("/health")
async def health() -> dict[str, str]:
    """What answers here."""
    return {"name": "GoTrue", "version": "slipway", "description": "The part of GoTrue that logs in with a password"}


@router.get("/.well-known/jwks.json")
async def jwks(auth: AuthOf, response: Response) -> dict[str, Any]:
    """The public keys that access tokens can be verified with; none where they are signed with a shared secret."""
    response.headers["Cache-Control"] = "public, max-age=600"
    return dict(auth.tokens.jwks())


async def absent(request: Request) -> Response:
    """What needs mail, messages or other providers is not there, and says so."""
    name = request.url.path.removeprefix(PREFIX).strip("/")[:60]
    sentence = f"This backend has no {name}: it sends no mail or messages and knows no other providers."
    raise AuthRefused(Code.NOT_IMPLEMENTED, sentence)


for each in ABSENT:
    router.add_api_route(f"/{each}", absent, methods=["GET", "POST"], include_in_schema=False)


def needed(value: str | None, name: str) -> str:
    """`value`. Raises AuthRefused when it is not there."""
    if not value:
        raise AuthRefused(Code.VALIDATION_FAILED, f"missing {name}")
    return value
