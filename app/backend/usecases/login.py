"""Log in with a password, refresh, log out, and see one's sessions."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from backend.domain.callers import Caller
from backend.domain.claims import User
from backend.domain.errors import NotFound
from backend.domain.refusals import AuthRefused, Code
from backend.domain.sessions import Client, RefreshRefused, Refusal, Session
from backend.usecases.auth import Auth, Granted, check_password, normal, open_session, refuse_banned, refuse_crowd
from backend.usecases.ports import UserStore

REFRESH = {
    Refusal.UNKNOWN: Code.REFRESH_TOKEN_NOT_FOUND,
    Refusal.REUSED: Code.REFRESH_TOKEN_ALREADY_USED,
    Refusal.EXPIRED: Code.SESSION_EXPIRED,
    Refusal.REVOKED: Code.REFRESH_TOKEN_NOT_FOUND,  # as GoTrue, which forgets them
}
WRONG = "Invalid login credentials"


class Scope(StrEnum):
    """Which sessions of the caller a logout ends: the one of the token, all, or all others."""

    LOCAL = "local"
    GLOBAL = "global"
    OTHERS = "others"


async def log_in(auth: Auth, email: str, password: str, client: Client) -> Granted:
    """A new session. Raises AuthRefused, in the same words and after the same time whether there is such an account or not."""
    email = normal(email)
    async with auth.logins.as_auth() as users:
        user = await users.by_email(email)
    # Outside the transaction: it takes tens of milliseconds, and connections are few.
    stored = user.encrypted_password if user else None
    if not await check_password(auth, email, password, stored, client) or not user:
        raise AuthRefused(Code.INVALID_CREDENTIALS, WRONG)
    refuse_banned(user, auth.now())
    if not user.email_confirmed_at:
        raise AuthRefused(Code.EMAIL_NOT_CONFIRMED, "Email not confirmed")
    anew = await auth.passwords.hashed(password) if auth.passwords.outdated(stored) else None
    granted = await open_session(auth, user, client)
    async with auth.logins.as_auth() as users:
        still = await users.signed_in(user.id, stored, auth.now())
        if still and anew:
            await users.set_password(user.id, anew, auth.now())
    if not still:
        # The password was changed meanwhile, and the sessions that the old one had opened by then were ended.
        await auth.sessions.revoke(granted.session.id)
        raise AuthRefused(Code.INVALID_CREDENTIALS, WRONG)
    return granted


async def refresh(auth: Auth, token: str, client: Client) -> Granted:
    """The session's next tokens. Raises AuthRefused; a token that was used before ends the session."""
    refuse_crowd(await auth.limits.refresh(client.address))
    now, owner = auth.now(), await auth.sessions.owner(token)
    # Before the token is used up: while the database is away, a client that asks later once more still has a good one.
    async with auth.logins.as_auth() as users:
        owner = owner or await take_over(auth, users, token, now)
        user = await users.by_id(owner) if owner else None
    try:
        session, following = await auth.sessions.rotate(token, now)
    except RefreshRefused as refused:
        raise AuthRefused(REFRESH[refused.reason], str(refused)) from None
    if user is None:
        await auth.sessions.revoke(session.id)
        raise AuthRefused(Code.USER_NOT_FOUND, "The user of this session is gone.")
    refuse_banned(user, now)
    access, expires_at = auth.tokens.issue(user, session, now)
    return Granted(user, session, access, following, expires_at)


async def take_over(auth: Auth, users: UserStore, token: str, now: datetime) -> UUID | None:
    """Make a session that was opened on Supabase one of this backend; its user, or None where the token is for none.

    Inside the transaction that uses the token up there: it stays good when Redis does not answer.
    """
    found = await users.inherit(token, now)
    if found is None:
        return None
    await auth.sessions.take_over(found, token, now)
    return found.user_id


async def log_out(auth: Auth, caller: Caller, scope: Scope = Scope.LOCAL) -> None:
    """End sessions of the caller; none being left to end is no failure."""
    if scope is Scope.LOCAL:
        if caller.session_id and not await auth.sessions.revoke(caller.session_id):
            await disinherit(auth, caller.user_id, caller.session_id)
    else:
        await auth.sessions.revoke_all(caller.user_id, caller.session_id if scope is Scope.OTHERS else None)
        await disinherit(auth, caller.user_id)


async def disinherit(auth: Auth, user: UUID, session: UUID | None = None) -> None:
    """End sessions of Supabase's that nobody has refreshed here."""
    async with auth.logins.as_auth() as users:
        await users.disinherit(user, session)


async def open_one(auth: Auth, caller: Caller) -> Session:
    """The caller's session. Raises AuthRefused when it has been ended, however long the access token is still good."""
    id, now = caller.session_id, auth.now()
    session = (await auth.sessions.get(id, now) or await inherited(auth, id, now)) if id else None
    if session is None or session.user_id != caller.user_id:
        raise AuthRefused(Code.SESSION_NOT_FOUND, "Session from session_id claim in JWT does not exist")
    return session


async def inherited(auth: Auth, id: UUID, now: datetime) -> Session | None:
    """A session of Supabase's, whose access token is still good here, until its first refresh."""
    async with auth.logins.as_auth() as users:
        found = await users.inherited(id, now)
    return (
        Session(found.id, found.user_id, now, now, client=found.client, aal=found.aal, amr=found.amr) if found else None
    )


async def me(auth: Auth, caller: Caller) -> User:
    """The caller's user. Raises AuthRefused when the session has been ended or the user is gone."""
    await open_one(auth, caller)
    async with auth.logins.as_auth() as users:
        user = await users.by_id(caller.user_id)
    if user is None:
        raise AuthRefused(Code.USER_NOT_FOUND, "User from sub claim in JWT does not exist")
    return user


async def list_sessions(auth: Auth, caller: Caller) -> list[Session]:
    """The caller's open sessions, the one refreshed last first."""
    await open_one(auth, caller)
    return await auth.sessions.listed(caller.user_id, auth.now())


async def end_session(auth: Auth, caller: Caller, key: UUID) -> None:
    """End one session of the caller's. Raises NotFound, also for somebody else's."""
    await open_one(auth, caller)
    session = await auth.sessions.get(key, auth.now())
    if session is None or session.user_id != caller.user_id:
        raise NotFound("There is no such session.")
    await auth.sessions.revoke(key)
