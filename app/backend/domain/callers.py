"""Who a request acts for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from backend.domain.refusals import AuthRefused, Code


@dataclass(frozen=True, slots=True)
class Caller:
    """A user, with what their access token says of them."""

    user_id: UUID
    session_id: UUID | None
    role: str
    claims: Mapping[str, Any]


def caller_of(claims: Mapping[str, Any]) -> Caller:
    """The caller that verified claims are of. Raises AuthRefused for a token that is nobody's, such as an API key."""
    try:
        session = claims.get("session_id")
        return Caller(
            UUID(claims["sub"]), None if session is None else UUID(session), str(claims.get("role", "")), claims
        )
    except (KeyError, ValueError, TypeError, AttributeError):
        raise AuthRefused(Code.BAD_JWT, "The access token names no user: sub or session_id is no UUID.") from None
