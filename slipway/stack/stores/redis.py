"""Redis, or Valkey: where the app keeps sessions and queues."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, BeforeValidator

from slipway.config.types import Bool, Bytes, UrlSafe, generated_setting, match_pattern, setting, split_list
from slipway.stack.stores import Store

if TYPE_CHECKING:
    from slipway.config.settings import Settings
    from slipway.stack.voice import Addresses, Voice

Command = Annotated[str, match_pattern(r"[a-z_.-]+(\|[a-z_-]+)?", "commands of Redis, such as flushdb or client|list")]
Commands = Annotated[tuple[Command, ...], BeforeValidator(split_list)]
APP = "app"  # the user that the app is; the one without a name is the administrator
# A command of these categories stops the server, reads or changes its settings, empties it, or looks at other clients.
# Of them the app keeps what clients ask for at their start, and what reads and sorts its own keys.
RIGHTS = "~* &* +@all -@admin -@dangerous +info +sort +sort_ro"
OFFICIAL = {"redis": "redis:8.0", "valkey": "valkey/valkey:9"}


class Fields(BaseModel):
    redis: Literal["redis", "valkey"] = setting("redis", "Which server keeps sessions and queues.")
    redis_memory: Bytes = setting("256MB", "Memory limit of Redis; three quarters of it hold data.")
    redis_eviction: Literal["noeviction", "volatile-lru", "volatile-lfu", "volatile-ttl"] = setting(
        "noeviction", "What Redis does when it is full; noeviction never drops a queued job."
    )
    redis_password: UrlSafe = generated_setting(
        "Password of the administrator of Redis; only the stack itself uses it."
    )
    redis_app_password: UrlSafe = generated_setting(
        "Password that the app has of Redis. Default: made of REDIS_PASSWORD, which cannot be told from it.",
        made_of="redis_password",
    )
    redis_app_commands: Commands = setting(
        "",
        "Commands that the app may run though they count as dangerous, comma separated, such as flushdb,keys,client|list.",
    )


class Kept(BaseModel):
    backup_redis: Bool = setting(False, "Keep what Redis holds in backups too.")


def fill(limit: int) -> int:
    """Bytes that data may take: the rest of the limit is room for the copy that saving to disk makes."""
    return limit * 3 // 4


def rights(settings: Settings) -> str:
    """What the user of the app may do, as a configuration file says it (redis.io, "ACL")."""
    return " ".join([RIGHTS, *(f"+{command}" for command in settings.redis_app_commands)])


def app(settings: Settings, at: Addresses, voice: Voice) -> dict[str, str]:
    return {"REDIS_URL": f"redis://{APP}:{voice.secret('REDIS_APP_PASSWORD')}@{at['redis']}/0"}


def tell(settings: Settings, at: Addresses, voice: Voice) -> dict[str, str]:
    return {"REDIS_URL": f"redis://:{voice.secret('REDIS_PASSWORD')}@{at['redis']}/0"}


STORE = Store(
    name="redis",
    official=tuple(OFFICIAL.values()),
    groups={"Redis": Fields},
    image=lambda settings: OFFICIAL[settings.redis],
    memory=lambda settings: settings.redis_memory,
    address=lambda settings: "redis:6379",
    secrets=lambda settings: ["REDIS_PASSWORD", "REDIS_APP_PASSWORD"],
    app=app,
    ops=tell,
    values=lambda settings: {
        "maxmemory": fill(settings.redis_memory),
        "redis_app": APP,
        "redis_rights": rights(settings),
    },
    data_of=lambda settings: f"REDIS={settings.redis}",
    complaint=r"^\S+ \d.+? # (?!WARNING|Warning)(.+)",
    build_arguments=lambda settings: {"FLAVOUR": settings.redis},
    kept=Kept,
    title="Redis",
)
