"""Register, and change one's password or metadata."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from backend.domain.callers import Caller
from backend.domain.claims import NewUser, User
from backend.domain.refusals import AuthRefused, Code
from backend.domain.sessions import Client
from backend.usecases.auth import Auth, Granted, check_password, normal, open_session, refuse_crowd, strong
from backend.usecases.login import me

METADATA_BYTES = 8 * 1024  # of what users say of themselves: each access token has it, and travels as one header


async def register(auth: Auth, email: str, password: str, metadata: Mapping[str, Any], client: Client) -> Granted:
    """A new user and their first session. No mail is sent: the address counts as confirmed."""
    if not auth.registration:
        raise AuthRefused(Code.SIGNUP_DISABLED, "Signups not allowed for this instance")
    check_length(metadata)
    refuse_crowd(await auth.limits.register(client.address))
    stored = await auth.passwords.hashed(strong(auth, password))
    async with auth.logins.as_auth() as users:
        user = await users.create(NewUser(normal(email), stored, metadata), auth.now())
    if user is None:
        raise AuthRefused(Code.USER_ALREADY_EXISTS, "User already registered")
    return await open_session(auth, user, client)


async def change_password(auth: Auth, caller: Caller, current: str, new: str, client: Client) -> User:
    """Store a new password and end the caller's other sessions: whoever knew the old one is out."""
    user = await shown(auth, caller, current, client)
    return await set_password(auth, caller, user, new)


async def delete_account(auth: Auth, caller: Caller, password: str, client: Client) -> None:
    """Remove the caller's account with their profile and tasks. Raises Conflict while they have objects in the store."""
    user = await shown(auth, caller, password, client)
    async with auth.logins.as_auth() as users:
        await users.delete(user.id)
        await auth.sessions.revoke_all(user.id)


async def shown(auth: Auth, caller: Caller, password: str, client: Client) -> User:
    """The caller's user, who has shown the password once more. Raises AuthRefused."""
    user = await me(auth, caller)
    name = user.email or str(user.id)
    if not await check_password(auth, name, password, user.encrypted_password, client):
        raise AuthRefused(Code.INVALID_CREDENTIALS, "The current password is not right.")
    return user


async def set_password(auth: Auth, caller: Caller, user: User, new: str) -> User:
    """Store a new password of a caller who need not show the current one, as with GoTrue; the other sessions end."""
    if await auth.passwords.verify(strong(auth, new), user.encrypted_password):
        raise AuthRefused(Code.SAME_PASSWORD, "New password should be different from the old password.")
    now, stored = auth.now(), await auth.passwords.hashed(new)
    async with auth.logins.as_auth() as users:
        await users.set_password(user.id, stored, now)
        # Before it holds: where Redis does not answer nothing has changed, and the next try ends the sessions.
        await users.disinherit(user.id)
        await auth.sessions.revoke_all(user.id, caller.session_id)
    return replace(user, encrypted_password=stored, updated_at=now)


async def set_metadata(auth: Auth, user: User, given: Mapping[str, Any]) -> User:
    """Merge `given` into what the user says of themselves; a value of null removes its name."""
    merged = {name: value for name, value in {**user.user_metadata, **given}.items() if value is not None}
    check_length(merged)
    now = auth.now()
    async with auth.logins.as_auth() as users:
        await users.set_metadata(user.id, merged, now)
    return replace(user, user_metadata=merged, updated_at=now)


def check_length(metadata: Mapping[str, Any]) -> None:
    """Raise AuthRefused for metadata that would make tokens too long."""
    if (length := len(json.dumps(metadata).encode())) > METADATA_BYTES:
        raise AuthRefused(
            Code.VALIDATION_FAILED, f"The metadata has {length} bytes of JSON, expected at most {METADATA_BYTES}."
        )
