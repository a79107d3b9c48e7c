"""Redis, or Valkey: where the app keeps sessions and queues."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel

from slipway.config.types import Bool, Bytes, UrlSafe, generated_setting, setting
from slipway.stack.stores import Store

if TYPE_CHECKING:
    from slipway.config.settings import Settings
    from slipway.stack.voice import Addresses, Voice

OFFICIAL = {"redis": "redis:8.0", "valkey": "valkey/valkey:9"}


class Fields(BaseModel):
    redis: Literal["redis", "valkey"] = setting("redis", "Which server keeps sessions and queues.")
    redis_memory: Bytes = setting("256MB", "Memory limit of Redis; three quarters of it hold data.")
    redis_eviction: Literal["noeviction", "volatile-lru", "volatile-lfu", "volatile-ttl"] = setting(
        "noeviction", "What Redis does when it is full; noeviction never drops a queued job."
    )
    redis_password: UrlSafe = generated_setting("Password of Redis.")


class Kept(BaseModel):
    backup_redis: Bool = setting(False, "Keep what Redis holds in backups too.")


def fill(limit: int) -> int:
    """Bytes that data may take: the rest of the limit is room for the copy that saving to disk makes."""
    return limit * 3 // 4


def tell(settings: Settings, at: Addresses, voice: Voice) -> dict[str, str]:
    return {"REDIS_URL": f"redis://:{voice.secret('REDIS_PASSWORD')}@{at['redis']}/0"}


STORE = Store(
    name="redis",
    groups={"Redis": Fields},
    image=lambda settings: OFFICIAL[settings.redis],
    memory=lambda settings: settings.redis_memory,
    address=lambda settings: "redis:6379",
    secrets=lambda settings: ["REDIS_PASSWORD"],
    app=tell,
    ops=tell,
    values=lambda settings: {"maxmemory": fill(settings.redis_memory)},
    build_arguments=lambda settings: {"FLAVOUR": settings.redis},
    kept=Kept,
    title="Redis",
)
