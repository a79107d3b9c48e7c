"""Signed addresses of objects, as Supabase's storage makes them: a JWT that names the object and an end."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import jwt

from backend.adapters.tokens import SIGNATURE_ONLY, TokenRefused, check_times
from backend.domain.errors import Invalid

LONGEST = 4096  # characters of a token


class LinkRefused(Invalid):
    """A signed address is not good, or not for this object."""


@dataclass(frozen=True)
class Links:
    """Signs addresses and verifies them, with one secret."""

    secret: str = field(repr=False)

    def sign(self, bucket: str, name: str, now: datetime, seconds: int) -> str:
        """The token of an address that is good for `seconds`."""
        issued = int(now.timestamp())
        claims = {"url": f"{bucket}/{name}", "scope": "download", "iat": issued, "exp": issued + seconds}
        return jwt.encode(claims, self.secret, algorithm="HS256")

    def verify(self, token: str, bucket: str, name: str, now: datetime) -> None:
        """Raise LinkRefused unless `token` is for this object and has not ended."""
        try:
            if len(token) > LONGEST:
                raise jwt.InvalidTokenError
            claims = jwt.decode(token, self.secret, algorithms=["HS256"], options=SIGNATURE_ONLY)
            check_times(claims, now.timestamp())
        except (jwt.InvalidTokenError, ValueError):
            raise LinkRefused("The token of this address is not signed with a key that is accepted here.") from None
        except TokenRefused:
            raise LinkRefused("The token of this address has expired, or has no end.") from None
        if claims.get("url") != f"{bucket}/{name}" or claims.get("scope", "download") != "download":
            raise LinkRefused("The token of this address is for another object.")
