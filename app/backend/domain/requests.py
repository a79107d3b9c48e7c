"""Requests that may be sent twice, and are to be carried out once."""

from __future__ import annotations

from dataclasses import dataclass

KEY_LENGTH = 255  # characters; the same number is a constraint in migrations/006_row_security.up.sql


@dataclass(frozen=True, slots=True)
class RequestKey:
    """What a client calls one request; `content` is a hash of what it asks for, in hexadecimal digits."""

    text: str
    content: str
