"""Refresh tokens of Supabase's newer form, which no row holds: a session, a counter, and the session's signature.

As supabase/auth makes them (internal/crypto): a zero byte, the session's 16 bytes, the counter in groups of seven bits, the
first 16 bytes of HMAC-SHA256 of all that by the session's key, and the first 4 of SHA256 of the whole, in base64url.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from uuid import UUID

VERSION = b"\0"
ID, SIGNATURE, CHECKSUM = 16, 16, 4  # bytes
LONGEST = 10  # bytes of a counter of 64 bits


@dataclass(frozen=True)
class SignedToken:
    """A token whose form and checksum are right; whether its signature is, the session's key tells."""

    session: UUID
    counter: int
    said: bytes
    signature: bytes

    def fits(self, key: str) -> bool:
        """Whether the session's key, base64url without padding, made the signature."""
        try:
            made = hmac.digest(decoded(key), self.said, "sha256")[:SIGNATURE]
        except (binascii.Error, ValueError):  # a key that is encrypted is JSON
            return False
        return hmac.compare_digest(made, self.signature)


def parse(token: str) -> SignedToken | None:
    """The parts of a token, or None for what is not of this form."""
    try:
        raw = decoded(token)
    except (binascii.Error, ValueError):
        return None
    said, signature, checksum = raw[: -SIGNATURE - CHECKSUM], raw[-SIGNATURE - CHECKSUM : -CHECKSUM], raw[-CHECKSUM:]
    counter = number(said[1 + ID :])
    if said[:1] != VERSION or counter is None or hashlib.sha256(said + signature).digest()[:CHECKSUM] != checksum:
        return None
    return SignedToken(UUID(bytes=said[1 : 1 + ID]), counter, said, signature)


def number(groups: bytes) -> int | None:
    """A number of seven bits a byte, the lowest first, each byte but the last with its highest bit; None for others."""
    if not 0 < len(groups) <= LONGEST or groups[-1] & 0x80 or any(each < 0x80 for each in groups[:-1]):
        return None
    return sum((each & 0x7F) << (7 * place) for place, each in enumerate(groups))


def decoded(text: str) -> bytes:
    """The bytes of base64url without padding. Raises ValueError or binascii.Error for others."""
    return base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
