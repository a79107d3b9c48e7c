"""A session as the fields of a Redis hash, and back. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from backend.domain.sessions import Client, Lives, Method, Session

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
UNIT = timedelta(milliseconds=1)
LONGEST_AGENT = 512  # characters; clients send what they like


def millis(moment: datetime) -> int:
    """Milliseconds since 1970; a `moment` without a time zone is a TypeError."""
    return (moment - EPOCH) // UNIT


def moment(stored: str | int) -> datetime:
    """The time, in UTC, that is so many milliseconds after 1970."""
    return EPOCH + int(stored) * UNIT


def fields(session: Session) -> dict[str, str]:
    """What the hash of `session` holds of it; its id is in the key, its user is written by the script."""
    return {
        "created": str(millis(session.created_at)),
        "refreshed": str(millis(session.refreshed_at)),
        "idle": str(session.lives.idle // UNIT),
        "absolute": str(session.lives.absolute // UNIT),
        "agent": session.client.user_agent[:LONGEST_AGENT].encode(errors="replace").decode(),
        "address": session.client.address,
        "aal": session.aal,
        "amr": json.dumps([[each.method, millis(each.at), each.provider] for each in session.amr]),
    }


def session_of(id: UUID, stored: Mapping[str, str]) -> Session:
    """The session whose hash holds `stored`."""
    return Session(
        id=id,
        user_id=UUID(stored["user"]),
        created_at=moment(stored["created"]),
        refreshed_at=moment(stored["refreshed"]),
        lives=Lives(int(stored["idle"]) * UNIT, int(stored["absolute"]) * UNIT),
        client=Client(stored["agent"], stored["address"]),
        aal=stored["aal"],
        amr=tuple(Method(name, moment(at), provider) for name, at, provider in json.loads(stored["amr"])),
    )


def texts(reply: Any) -> dict[str, str]:
    """The fields of a hash as text: in a reply they are a dict or a flat list, of bytes unless the client decodes."""
    pairs = reply.items() if isinstance(reply, Mapping) else zip(reply[::2], reply[1::2], strict=True)
    return {text(name): text(value) for name, value in pairs}


def text(value: bytes | str) -> str:
    """A value of a reply as text."""
    return value.decode() if isinstance(value, bytes) else value
