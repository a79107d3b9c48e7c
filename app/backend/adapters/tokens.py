"""Access tokens: signed and verified. Each key is good for one algorithm only, whatever a token's header says."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from datetime import datetime
from enum import Enum
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import jwt

from backend.adapters.keys import Key, Keys

LONGEST = 64 * 1024  # characters; metadata is part of a token, but no HTTP header is that long

# The signature only: the times are checked against the caller's clock, and the rest here too.
SIGNATURE_ONLY: Any = {f"verify_{claim}": False for claim in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")}


class Reason(Enum):
    """Why a token is refused. MALFORMED is also a claim that is missing or of the wrong type."""

    MALFORMED = "malformed"
    UNKNOWN_KEY = "unknown key"
    SIGNATURE = "signature"
    EXPIRED = "expired"
    NOT_YET = "not yet"
    AUDIENCE = "audience"
    ISSUER = "issuer"


SENTENCES = {
    Reason.MALFORMED: "The access token is not a complete JWT, expected one with exp and sub.",
    Reason.UNKNOWN_KEY: "The access token names a key or an algorithm that is not accepted here.",
    Reason.SIGNATURE: "The access token's signature is not of a key that is accepted here.",
    Reason.EXPIRED: "The access token has expired. Refresh it.",
    Reason.NOT_YET: "The access token is not valid yet. Check the clocks.",
    Reason.AUDIENCE: "The access token is for another audience.",
    Reason.ISSUER: "The access token is of an issuer that is not accepted here.",
}


class TokenRefused(Exception):
    """An access token is not accepted; `reason` says why, the message says it to people."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(SENTENCES[reason])
        self.reason = reason


def sign(keys: Keys, claims: Mapping[str, Any]) -> str:
    """A JWT of `claims`, signed with the newest key; its header names the key when that has an id."""
    key = keys.signing
    headers = {"kid": key.kid} if key.kid else None
    return jwt.encode(dict(claims), key.jwk, algorithm=key.algorithm, headers=headers)


def verify(keys: Keys, token: str, issuers: Collection[str], audience: str, now: datetime) -> Mapping[str, Any]:
    """The claims of `token` when it is good at `now`, else TokenRefused.

    `aud` may be a list that has `audience` in it, as the standard says.
    """
    claims = claims_of(keys, token)
    check_times(claims, now.timestamp())
    if not isinstance(claims.get("sub"), str) or not claims["sub"]:
        raise TokenRefused(Reason.MALFORMED)
    if claims.get("iss") not in tuple(issuers):
        raise TokenRefused(Reason.ISSUER)
    told = claims.get("aud")
    if audience not in (told if isinstance(told, list) else [told]):
        raise TokenRefused(Reason.AUDIENCE)
    return claims


@lru_cache(2048)
def claims_of(keys: Keys, token: str) -> Mapping[str, Any]:
    """The claims of `token` when one of `keys` signed it, else TokenRefused.

    Kept for the next request: a client sends one token until it expires, and the answer cannot change. Times are not
    looked at here.
    """
    return MappingProxyType(signed(candidates(keys, header(token)), token))


def header(token: str) -> dict[str, Any]:
    """The header of `token`, which nobody has verified yet; TokenRefused when it is none or has `crit`."""
    if len(token) > LONGEST or not token.isascii():
        raise TokenRefused(Reason.MALFORMED)
    try:
        found = jwt.get_unverified_header(token)
    except jwt.InvalidTokenError as error:
        raise TokenRefused(Reason.MALFORMED) from error
    if "crit" in found:  # extensions that must be understood, and none is
        raise TokenRefused(Reason.MALFORMED)
    return found


def candidates(keys: Keys, header: Mapping[str, Any]) -> list[Key]:
    """The keys that may have signed a token with this header; TokenRefused when there is none.

    A key with an id is for the tokens that name it. A secret without one is for all others of its algorithm:
    Supabase's tokens that are signed with the shared secret may name an id that is in no JWKS.
    """
    fitting = [key for key in keys.accepted if key.algorithm == header.get("alg")]
    named = [key for key in fitting if key.kid and key.kid == header.get("kid")]
    found = named or [key for key in fitting if not key.kid and (key.is_secret or "kid" not in header)]
    if not found:
        raise TokenRefused(Reason.UNKNOWN_KEY)
    return found


def signed(keys: Collection[Key], token: str) -> dict[str, Any]:
    """The claims of `token` when one of `keys` signed it, else TokenRefused."""
    for key in keys:
        try:
            return jwt.decode(token, key.jwk, algorithms=[key.algorithm], options=SIGNATURE_ONLY)
        except jwt.InvalidSignatureError:
            continue
        except (jwt.InvalidTokenError, ValueError) as error:
            raise TokenRefused(Reason.MALFORMED) from error
    raise TokenRefused(Reason.SIGNATURE)


def check_times(claims: Mapping[str, Any], now: float) -> None:
    """TokenRefused unless `exp` is there and later than `now`, and `nbf`, if it is there, is not."""
    begins = claims.get("nbf", now)
    if not is_time(claims.get("exp")) or not is_time(begins):
        raise TokenRefused(Reason.MALFORMED)
    if now >= claims["exp"]:
        raise TokenRefused(Reason.EXPIRED)
    if now < begins:
        raise TokenRefused(Reason.NOT_YET)


def is_time(value: object) -> bool:
    """Whether `value` is a number that JSON should be able to hold (Python's reads NaN and Infinity too)."""
    return type(value) is int or (isinstance(value, float) and math.isfinite(value))
