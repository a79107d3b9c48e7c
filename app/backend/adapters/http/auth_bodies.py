"""What clients may send to /api/v1/auth, and what they get."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from backend.adapters.http.fields import Document
from backend.domain.callers import Caller
from backend.domain.claims import User
from backend.domain.sessions import Session, end
from backend.usecases.auth import Granted

Email = Annotated[str, StringConstraints(strip_whitespace=True, max_length=254, pattern=r"^[^@\s\x00]+@[^@\s\x00]+$")]
Password = Annotated[str, StringConstraints(max_length=1024)]
DEMO = {"email": "ada@example.org", "password": "correct horse battery"}


class Credentials(BaseModel):
    """An address and its password."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [DEMO]})

    email: Email
    password: Password = Field(repr=False)


class Registration(Credentials):
    """An account to make: a password of 8 to 1024 characters, and what the user says of themselves."""

    metadata: Document = {}


class Refresh(BaseModel):
    """A refresh token."""

    model_config = ConfigDict(extra="forbid")

    refresh_token: str = Field(max_length=512, repr=False)


class PasswordChange(BaseModel):
    """Another password for the account."""

    model_config = ConfigDict(extra="forbid")

    current_password: Password = Field(repr=False)
    new_password: Password = Field(repr=False)


class Farewell(BaseModel):
    """The password of the account, once more."""

    model_config = ConfigDict(extra="forbid")

    password: Password = Field(repr=False)


class UserOut(BaseModel):
    """An account."""

    id: UUID
    email: str | None
    role: str
    app_metadata: dict[str, Any]
    user_metadata: dict[str, Any]
    created_at: datetime | None
    last_sign_in_at: datetime | None

    @classmethod
    def of(cls, user: User) -> UserOut:
        """`user` as clients see it."""
        return cls.model_validate(user, from_attributes=True)


class TokensOut(BaseModel):
    """A session: the access token for requests, the refresh token for the next pair. `expires_in` is in seconds."""

    access_token: str
    token_type: str = "bearer"  # noqa: S105 a name
    expires_in: int
    expires_at: datetime
    refresh_token: str
    user: UserOut

    @classmethod
    def of(cls, granted: Granted, now: datetime) -> TokensOut:
        """`granted` as clients see it."""
        return cls(
            access_token=granted.access_token,
            expires_in=seconds(granted, now),
            expires_at=granted.expires_at,
            refresh_token=granted.refresh_token,
            user=UserOut.of(granted.user),
        )


class SessionOut(BaseModel):
    """An open session; `current` is the one that asks."""

    id: UUID
    created_at: datetime
    refreshed_at: datetime
    expires_at: datetime
    user_agent: str
    address: str
    current: bool

    @classmethod
    def of(cls, session: Session, caller: Caller) -> SessionOut:
        """`session` as its user sees it."""
        return cls(
            id=session.id,
            created_at=session.created_at,
            refreshed_at=session.refreshed_at,
            expires_at=end(session),
            user_agent=session.client.user_agent,
            address=session.client.address,
            current=session.id == caller.session_id,
        )


def seconds(granted: Granted, now: datetime) -> int:
    """How long the access token is good for."""
    return max(0, math.ceil((granted.expires_at - now).total_seconds()))
