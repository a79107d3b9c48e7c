"""What login, refresh and registration share: what they work with, what they give, and the checks of both."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from backend.domain.claims import User
from backend.domain.refusals import AuthRefused, Code
from backend.domain.sessions import Client, Method, Session
from backend.usecases.ports import Limits, Logins, Passwords, SessionStore, Tokens

# Seconds that a wrong password takes at least. The forms of passwords cost from 30 to 100 ms, and an unknown account that
# of one of them: without a floor the time would tell which accounts exist.
FLOOR = 0.2


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


async def check_password(auth: Auth, name: str, password: str, stored: str | None, client: Client) -> bool:
    """Whether `password` is the stored one of the account called `name`. A wrong one counts against account and address.

    Raises AuthRefused when there were too many. The account's tries are counted before the check, so that many at once
    are not more than the limit. The address is asked again after it: of many at once only so many learn anything.
    """
    refuse_crowd(await auth.limits.address(client.address))
    refuse_crowd(await auth.limits.account(name))
    floor = asyncio.get_running_loop().time() + FLOOR
    is_right = await auth.passwords.verify(password, stored)
    refuse_crowd(await (auth.limits.address if is_right else auth.limits.failed)(client.address))
    if not is_right:
        await asyncio.sleep(max(0.0, floor - asyncio.get_running_loop().time()))
        return False
    await auth.limits.forgive(name)
    return True


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
