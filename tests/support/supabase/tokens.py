"""Refresh tokens of people.sql's live sessions, in both forms that Supabase's auth server gives out."""

from __future__ import annotations

import base64
import hashlib
import hmac
import uuid

# By the older form a token is a row of auth.refresh_tokens: this one was used twice, and its last child is live.
CHAIN = ("v4ada-first-token00", "v4ada-second-tokn00", "v4ada-third-token00")
# By the newer form the session has a key and a counter, and no token is kept.
SIGNED_SESSION = "00000000-0000-4000-9000-000000000002"
SIGNING_KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
COUNTER = 7


def signed(session: str = SIGNED_SESSION, counter: int = COUNTER, key: str = SIGNING_KEY) -> str:
    """A token of the newer form: version, session and counter, signed by the session's key, and a checksum."""
    said = b"\0" + uuid.UUID(session).bytes + varint(counter)
    said += hmac.digest(base64.urlsafe_b64decode(key + "="), said, "sha256")[:16]
    return base64.urlsafe_b64encode(said + hashlib.sha256(said).digest()[:4]).decode().rstrip("=")


def varint(number: int) -> bytes:
    """Seven bits a byte, the lowest first; the highest bit says that another follows."""
    low, rest = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + varint(rest) if rest else bytes([low])
