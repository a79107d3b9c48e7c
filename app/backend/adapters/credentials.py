"""Passwords and tokens as the use cases ask for them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from backend.adapters import passwords, tokens
from backend.adapters.keys import Keys, jwks
from backend.domain.claims import User, claims
from backend.domain.errors import Unavailable
from backend.domain.refusals import AuthRefused, Code
from backend.domain.sessions import Session

T = TypeVar("T")
AUDIENCE = "authenticated"
AT_ONCE = 4  # hashes that are worked on: each takes 19 MiB and a processor
WAITING = 100  # and those that wait for one of these, some seconds: who comes then is told to come again


class ThreadedPasswords:
    """Passwords, in a few threads: the event loop serves other requests meanwhile."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(AT_ONCE, "passwords")
        self._under_way = 0

    async def verify(self, password: str, stored: str | None) -> bool:
        """Whether `password` is the stored one."""
        return await self._threaded(passwords.verify, password, stored)

    async def hashed(self, password: str) -> str:
        """A new hash of `password`."""
        return await self._threaded(passwords.hashed, password)

    async def _threaded(self, work: Callable[..., T], *values: str | None) -> T:
        """What `work` gives. Raises Unavailable when too many wait already."""
        if self._under_way >= AT_ONCE + WAITING:
            raise Unavailable("Too many passwords are being checked; try again.")
        self._under_way += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, *values)
        finally:
            self._under_way -= 1

    def outdated(self, stored: str | None) -> bool:
        """Whether a password that was right is to be stored anew."""
        return passwords.outdated(stored)

    def acceptable(self, password: str) -> str | None:
        """What is wrong with a new password, or None."""
        return passwords.acceptable(password)


@dataclass(frozen=True)
class SignedTokens:
    """Access tokens signed with `keys`, of `issuer`; those of `others` are accepted too."""

    keys: Keys
    issuer: str
    others: Sequence[str]
    lifetime: timedelta

    def issue(self, user: User, session: Session, now: datetime) -> tuple[str, datetime]:
        """The token, and when it expires."""
        told = claims(user, session, now, self.issuer, self.lifetime)
        return tokens.sign(self.keys, told), datetime.fromtimestamp(told["exp"], now.tzinfo)

    def verify(self, token: str, now: datetime) -> Mapping[str, Any]:
        """Its claims. Raises AuthRefused."""
        try:
            return tokens.verify(self.keys, token, (self.issuer, *self.others), AUDIENCE, now)
        except tokens.TokenRefused as refused:
            raise AuthRefused(Code.BAD_JWT, str(refused)) from None

    def jwks(self) -> Mapping[str, Any]:
        """The public keys, for others to verify with."""
        return jwks(self.keys)
