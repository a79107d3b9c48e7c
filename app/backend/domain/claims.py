"""A user as the login sees it, and the claims of an access token. Pure: standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from backend.domain.sessions import Method, Session


@dataclass(frozen=True)
class User:
    """A row of auth.users, as far as logins need it.

    `user_metadata` is written by the user: nothing may be allowed because of it. `encrypted_password` is a hash.
    """

    id: UUID
    email: str | None
    phone: str | None
    role: str
    aud: str
    app_metadata: Mapping[str, Any]
    user_metadata: Mapping[str, Any]
    is_anonymous: bool
    created_at: datetime
    updated_at: datetime
    last_sign_in_at: datetime | None = None
    email_confirmed_at: datetime | None = None
    phone_confirmed_at: datetime | None = None
    banned_until: datetime | None = None
    deleted_at: datetime | None = None
    encrypted_password: str | None = field(default=None, repr=False)


def claims(user: User, session: Session, now: datetime, issuer: str, lifetime: timedelta) -> dict[str, Any]:
    """The claims of an access token, those of Supabase's by name and type; its clients and policies read them."""
    issued = int(now.timestamp())
    return {
        "iss": issuer,
        "sub": str(user.id),
        "aud": user.aud,
        "exp": issued + int(lifetime.total_seconds()),
        "iat": issued,
        "email": user.email or "",
        "phone": user.phone or "",
        "app_metadata": dict(user.app_metadata),
        "user_metadata": dict(user.user_metadata),
        "role": user.role,
        "aal": session.aal,
        "amr": [entry(each) for each in sorted(session.amr, key=lambda method: method.at, reverse=True)],
        "session_id": str(session.id),
        "is_anonymous": user.is_anonymous,
    }


def entry(method: Method) -> dict[str, Any]:
    """One element of the claim `amr`."""
    told: dict[str, Any] = {"method": method.method, "timestamp": int(method.at.timestamp())}
    return told | {"provider": method.provider} if method.provider else told


@dataclass(frozen=True)
class NewUser:
    """Somebody who registers with an address and a password; `encrypted_password` is a hash."""

    email: str
    encrypted_password: str = field(repr=False)
    user_metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Identity:
    """A row of auth.identities: a provider by which a user signs in. `provider_id` is the user's id there."""

    id: UUID
    user_id: UUID
    provider: str
    provider_id: str
    identity_data: Mapping[str, Any]
    email: str | None
    last_sign_in_at: datetime | None
    created_at: datetime | None
    updated_at: datetime | None
