"""What login, refresh and registration share: what they work with, what they give, and the checks of both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from backend.domain.claims import User
from backend.domain.refusals import AuthRefused, Code
from backend.domain.sessions import Client, Method, Session
from backend.usecases.ports import Limits, Logins, Passwords, SessionStore, Tokens


@dataclass(frozen=True)
class Auth:
    """What logins are made with; `now` tells the time, with a zone."""

    logins: Logins
    sessions: SessionStore
    limits: Limits
    passwords: Passwords
    tokens: Tokens
    now: Callable[[], datetime]
    registration: bool  # whether anybody may register


@dataclass(frozen=True)
class Granted:
    """A session as its user gets it."""

    user: User
    session: Session
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: datetime


async def open_session(auth: Auth, user: User, client: Client) -> Granted:
    """A new session of `user`, who has just shown a password."""
    now = auth.now()
    session, refresh = await auth.sessions.open(user.id, now, client, (Method("password", now),))
    access, expires_at = auth.tokens.issue(user, session, now)
    return Granted(user, session, access, refresh, expires_at)


async def allow(auth: Auth, client: Client, email: str | None = None) -> None:
    """Count a try. Raises AuthRefused when there were too many from this address, or for this account."""
    refuse_crowd(await auth.limits.address(client.address))
    if email is not None:
        refuse_crowd(await auth.limits.account(email))


def refuse_crowd(wait: int | None) -> None:
    """Raise AuthRefused when there is a time to wait."""
    if wait is not None:
        raise AuthRefused(Code.OVER_REQUEST_RATE_LIMIT, f"Too many tries; try again in {wait} s.", wait)


def refuse_banned(user: User, now: datetime) -> None:
    """Raise AuthRefused for a user who is banned at `now`."""
    if user.banned_until and user.banned_until > now:
        raise AuthRefused(Code.USER_BANNED, "User is banned")


def strong(auth: Auth, password: str) -> str:
    """`password` itself. Raises AuthRefused for one that cannot be had."""
    if wrong := auth.passwords.acceptable(password):
        raise AuthRefused(Code.WEAK_PASSWORD, wrong)
    return password


def normal(email: str) -> str:
    """An address as auth.users holds it: without blanks around it, in small letters."""
    return email.strip().lower()
