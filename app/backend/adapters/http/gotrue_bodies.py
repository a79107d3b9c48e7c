"""What GoTrue takes and gives. What a client sends beside is ignored, as GoTrue does."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from backend.adapters.http.auth_bodies import Email, Password, seconds
from backend.adapters.http.fields import Document
from backend.domain.claims import Identity, User
from backend.usecases.auth import Auth, Granted


class Grant(BaseModel):
    """What a session is asked for with."""

    email: Email | None = None
    password: Password | None = Field(None, repr=False)
    refresh_token: str | None = Field(None, max_length=512, repr=False)


class SignUp(BaseModel):
    """An account to make; `data` becomes the user's metadata."""

    email: Email | None = None
    password: Password | None = Field(None, repr=False)
    data: Document | None = None


class UserChange(BaseModel):
    """What to change of a user."""

    email: str | None = None
    phone: str | None = None
    password: Password | None = Field(None, repr=False)
    data: Document | None = None


class IdentityOut(BaseModel):
    """A provider by which the user signs in; `id` is the user's id there."""

    identity_id: UUID
    id: str
    user_id: UUID
    identity_data: dict[str, Any]
    provider: str
    last_sign_in_at: datetime | None
    created_at: datetime | None
    updated_at: datetime | None
    email: str | None

    @classmethod
    def of(cls, identity: Identity) -> IdentityOut:
        """`identity` as clients see it."""
        return cls(
            identity_id=identity.id,
            id=identity.provider_id,
            user_id=identity.user_id,
            identity_data=dict(identity.identity_data),
            provider=identity.provider,
            last_sign_in_at=identity.last_sign_in_at,
            created_at=identity.created_at,
            updated_at=identity.updated_at,
            email=identity.email,
        )


class UserOut(BaseModel):
    """A user."""

    id: UUID
    aud: str
    role: str
    email: str
    email_confirmed_at: datetime | None
    phone: str
    confirmed_at: datetime | None
    last_sign_in_at: datetime | None
    app_metadata: dict[str, Any]
    user_metadata: dict[str, Any]
    identities: list[IdentityOut]
    created_at: datetime | None
    updated_at: datetime | None
    is_anonymous: bool


class SessionOut(BaseModel):
    """A session; `expires_in` is in seconds, `expires_at` in seconds since 1970."""

    access_token: str
    token_type: str = "bearer"  # noqa: S105 a name
    expires_in: int
    expires_at: int
    refresh_token: str
    user: UserOut


async def user_out(auth: Auth, user: User) -> UserOut:
    """`user` as clients see it."""
    async with auth.logins.as_auth() as users:
        identities = await users.identities(user.id)
    confirmed = [each for each in (user.email_confirmed_at, user.phone_confirmed_at) if each]
    return UserOut(
        id=user.id,
        aud=user.aud,
        role=user.role,
        email=user.email or "",
        email_confirmed_at=user.email_confirmed_at,
        phone=user.phone or "",
        confirmed_at=min(confirmed, default=None),
        last_sign_in_at=user.last_sign_in_at,
        app_metadata=dict(user.app_metadata),
        user_metadata=dict(user.user_metadata),
        identities=[IdentityOut.of(each) for each in identities],
        created_at=user.created_at,
        updated_at=user.updated_at,
        is_anonymous=user.is_anonymous,
    )


async def session_out(auth: Auth, granted: Granted) -> SessionOut:
    """`granted` as clients see it."""
    return SessionOut(
        access_token=granted.access_token,
        expires_in=seconds(granted, auth.now()),
        expires_at=int(granted.expires_at.timestamp()),
        refresh_token=granted.refresh_token,
        user=await user_out(auth, granted.user),
    )
