"""A login session, and why a refresh of one is refused. Pure: standard library only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from uuid import UUID

# What GoTrue allows: two tabs that refresh at once both get the same child.
REUSE_INTERVAL = timedelta(seconds=10)


@dataclass(frozen=True)
class Method:
    """How somebody showed who they are, and when; `provider` only where one other than this backend did."""

    method: str
    at: datetime
    provider: str | None = None


@dataclass(frozen=True)
class Lives:
    """How long sessions last: without a refresh, and in all."""

    idle: timedelta = timedelta(days=30)
    absolute: timedelta = timedelta(days=90)


@dataclass(frozen=True)
class Client:
    """What a session was opened from, for its user to recognize."""

    user_agent: str = ""
    address: str = ""


@dataclass(frozen=True)
class Session:
    """A login of one user on one device. `aal` is aal1 or aal2, as Supabase counts factors."""

    id: UUID
    user_id: UUID
    created_at: datetime
    refreshed_at: datetime
    lives: Lives = Lives()
    client: Client = Client()
    aal: str = "aal1"
    amr: tuple[Method, ...] = ()


@dataclass(frozen=True)
class Inherited:
    """A session that was opened on Supabase, before its times are those of this backend."""

    id: UUID
    user_id: UUID
    client: Client
    aal: str
    amr: tuple[Method, ...]


class Refusal(Enum):
    """Why a refresh token is not accepted; a token that Redis has already forgotten is unknown."""

    UNKNOWN = "unknown"
    REUSED = "reused"
    EXPIRED = "expired"
    REVOKED = "revoked"


SENTENCES = {
    Refusal.UNKNOWN: "The refresh token is not known here. Log in again.",
    Refusal.REUSED: "The refresh token was used before, so its session has been ended. Log in again.",
    Refusal.EXPIRED: "The session has expired. Log in again.",
    Refusal.REVOKED: "The session has been ended. Log in again.",
}


class RefreshRefused(Exception):
    """A refresh token cannot be exchanged; `reason` says why, the message says it to people."""

    def __init__(self, reason: Refusal) -> None:
        super().__init__(SENTENCES[reason])
        self.reason = reason


def end(session: Session) -> datetime:
    """When `session` expires if nobody refreshes it."""
    return min(session.refreshed_at + session.lives.idle, session.created_at + session.lives.absolute)


def alive(session: Session, now: datetime) -> bool:
    """Whether `session` has not expired at `now`."""
    return now < end(session)
