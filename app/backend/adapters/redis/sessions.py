"""Sessions in Redis, and the refresh tokens that keep them open.

Redis holds no refresh token, only SHA-256 of each: who reads it cannot log in. A token is exchanged for its child,
which is made of the token and a key of the server's, so that the same child can be given twice without being stored.
`now` is always the caller's and has a time zone. Errors of Redis pass through.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from redis.asyncio import Redis

from backend.adapters.redis import scripts
from backend.adapters.redis.records import UNIT, fields, millis, moment, session_of, text, texts
from backend.domain.sessions import (
    REUSE_INTERVAL,
    Client,
    Inherited,
    Lives,
    Method,
    RefreshRefused,
    Refusal,
    Session,
    alive,
    end,
)

KEY_BYTES = 32
MOST = 100  # open sessions of a user


class Sessions:
    """The sessions below one prefix of one Redis. All processes need the same `key`; a new one ends no session."""

    def __init__(
        self,
        redis: Redis,
        key: bytes,
        lives: Lives = Lives(),  # noqa: B008 frozen
        reuse: timedelta = REUSE_INTERVAL,
        prefix: str = "auth:",
    ) -> None:
        if len(key) < KEY_BYTES:
            raise ValueError(f"The key of refresh tokens has {len(key)} bytes, expected at least {KEY_BYTES}.")
        if min(lives.idle, lives.absolute) < UNIT:
            raise ValueError("A life of sessions is zero or less, expected more.")
        self._redis, self._key, self._lives, self._reuse, self._prefix = redis, key, lives, reuse, prefix
        self._open = redis.register_script(scripts.OPEN)
        self._rotate = redis.register_script(scripts.ROTATE)
        self._revoke = redis.register_script(scripts.REVOKE)
        self._revoke_all = redis.register_script(scripts.REVOKE_ALL)

    async def open(
        self,
        user_id: UUID,
        now: datetime,
        client: Client = Client(),  # noqa: B008 frozen
        amr: tuple[Method, ...] = (),
        aal: str = "aal1",
    ) -> tuple[Session, str]:
        """A new session of the user's, and its first refresh token."""
        at = moment(millis(now))  # as it will be read again
        session = Session(uuid4(), user_id, at, at, self._lives, client, aal, amr)
        token = secrets.token_urlsafe(32)
        await self.adopt(session, token, now)
        return session, token

    async def take_over(self, session: Inherited, token: str, now: datetime) -> bool:
        """Open a session that was opened elsewhere, with the token that it had; False when it is here already."""
        at = moment(millis(now))
        of, amr = session.client, session.amr
        return await self.adopt(
            Session(session.id, session.user_id, at, at, self._lives, of, session.aal, amr), token, now
        )

    async def adopt(self, session: Session, token: str, now: datetime) -> bool:
        """Store a session with a refresh token that came from elsewhere; False when there was nothing to do.

        That is when it has expired, or when the session or the token is here already (and may have moved on since).
        """
        if not alive(session, now):
            return False
        stored = [part for pair in fields(session).items() for part in pair]
        who = [self._prefix, str(session.id), str(session.user_id), digest(token)]
        return bool(await self._open(args=[*who, millis(now), millis(end(session)), MOST, *stored]))

    async def owner(self, token: str) -> UUID | None:
        """Whose session a refresh token is of, whether it is good or not; None for one that is not known."""
        id = await self._redis.get(f"{self._prefix}refresh:{digest(token)}")
        user = await self._redis.hget(f"{self._prefix}session:{text(id)}", "user") if id else None
        return UUID(text(user)) if user else None

    async def rotate(self, token: str, now: datetime) -> tuple[Session, str]:
        """Exchange a refresh token: its session and the next token, or RefreshRefused.

        The same token again, and its child not used yet, gets the same child within the reuse interval. Any other use
        of a used token ends the session: two parties have it, and nobody knows which of them is the user.
        """
        child = self._child(token)
        args = [self._prefix, digest(token), digest(child), millis(now), self._reuse // UNIT]
        happened, *found = await self._rotate(args=args)
        if text(happened) != "rotated":
            raise RefreshRefused(Refusal(text(happened)))
        return session_of(UUID(text(found[0])), texts(found[1])), child

    async def get(self, id: UUID, now: datetime) -> Session | None:
        """The session while it is open, else None."""
        return opened(id, texts(await self._redis.hgetall(f"{self._prefix}session:{id}")), now)

    async def listed(self, user_id: UUID, now: datetime) -> list[Session]:
        """The user's open sessions, the one refreshed last first."""
        ids = [UUID(text(each)) for each in await self._redis.zrange(f"{self._prefix}user:{user_id}", 0, -1)]
        async with self._redis.pipeline(transaction=False) as pipeline:
            for id in ids:
                pipeline.hgetall(f"{self._prefix}session:{id}")
            replies = await pipeline.execute()
        found = (opened(id, texts(reply), now) for id, reply in zip(ids, replies, strict=True))
        return sorted((each for each in found if each), key=lambda each: each.refreshed_at, reverse=True)

    async def revoke(self, id: UUID) -> bool:
        """End a session; False when there was none to end."""
        return bool(await self._revoke(args=[self._prefix, str(id)]))

    async def revoke_all(self, user_id: UUID, but: UUID | None = None) -> int:
        """End the user's sessions, all or all `but` one; how many there were."""
        return int(await self._revoke_all(args=[self._prefix, str(user_id), str(but)]))

    async def count(self, now: datetime) -> int:
        """How many sessions are open, of all users."""
        async with self._redis.pipeline(transaction=False) as pipeline:
            pipeline.zremrangebyscore(f"{self._prefix}open", "-inf", millis(now))
            pipeline.zcard(f"{self._prefix}open")
            _, found = await pipeline.execute()
        return int(found)

    def _child(self, token: str) -> str:
        """The token that `token` is exchanged for."""
        made = hmac.digest(self._key, b"refresh\0" + encoded(token), "sha256")
        return urlsafe_b64encode(made).rstrip(b"=").decode()


def opened(id: UUID, stored: dict[str, str], now: datetime) -> Session | None:
    """The session of a hash, None when the hash is empty, or the session revoked or expired."""
    if not stored or "revoked" in stored:
        return None
    session = session_of(id, stored)
    return session if alive(session, now) else None


def digest(token: str) -> str:
    """What Redis knows of a refresh token."""
    return hashlib.sha256(encoded(token)).hexdigest()


def encoded(token: str) -> bytes:
    """The bytes of a token; clients can send what is no UTF-8, which is then just unknown."""
    return token.encode(errors="surrogatepass")
