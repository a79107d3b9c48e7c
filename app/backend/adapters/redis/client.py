"""The client of Redis, and whether it answers."""

from __future__ import annotations

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from backend.domain.readiness import DEADLINE, Check


def redis_client(url: str) -> Redis:
    """A client whose calls end within the deadline; one retry replaces a pooled connection that a restart cut."""
    return Redis.from_url(url, socket_timeout=DEADLINE, socket_connect_timeout=DEADLINE, retry=Retry(NoBackoff(), 1))


def redis_check(client: Redis) -> Check:
    """PING; redis-py raises for an error reply such as NOAUTH."""

    async def check() -> None:
        await client.ping()

    return check
