"""The gate of Redis, and the client that it shares with backups and restores."""

from __future__ import annotations

import secrets

from slipway.data.endpoints import Emit, Endpoints, need
from slipway.data.progress import teller
from slipway.data.verb import Nothing
from slipway.errors import GateError, SettingsError
from slipway.system import transient
from slipway.system.wait import NotYet, Opened, wait
from slipway.units import size

FORM = "redis://user:password@host:6379/0"
WAY_OUT = (
    "raise REDIS_MEMORY, or let REDIS_EVICTION drop keys, in .env; df -h; ./invoke logs -s redis; then ./invoke up"
)
# Answers that pass by themselves, by their first word or as the library calls them; what else is refused, lasts.
PASSING = frozenset({"BUSY", "BusyLoadingError", "MasterDownError", "TryAgainError", "ClusterDownError"})


def gate(ends: Endpoints, args: Nothing, emit: Emit) -> Opened:
    """Waits until Redis lets us in, writes, reads back and deletes a scratch key.

    Raises GateError at the deadline, or at once when the password is wrong or missing.
    """
    store = client(ends)

    def probe() -> None:
        use(store, f"slipway:gate:{secrets.token_hex(8)}", secrets.token_hex(16))

    with store:
        return wait(
            "redis", probe, ends.gate_timeout, expected="PONG, and a key written, read and deleted", tell=teller(emit)
        )


def client(ends: Endpoints, patience: float = 2):
    """A client that tries once and waits `patience` seconds for an answer: the gate does the retrying."""
    import redis as library
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    url = ends.store_urls.get("redis")
    need(url, "REDIS_URL", FORM)
    try:
        return library.Redis.from_url(
            url.value,
            socket_timeout=patience,
            socket_connect_timeout=2,
            retry=Retry(NoBackoff(), 0),
            client_name="slipway",
        )
    except ValueError:
        raise SettingsError("REDIS_URL", "not a Redis URL", FORM, "edit REDIS_URL in .env") from None


def enter(ends: Endpoints, patience: float):
    """`client` of a server that answers; asked again while it loads its data or is busy for a moment."""
    store = client(ends, patience)
    transient.again(store.ping, passing, transient.CONNECTING)
    return store


def passing(error: Exception) -> str:
    """The server's words where it is not to be had for the moment, or an empty text."""
    names = {type(error).__name__, str(error).partition(" ")[0]}
    return "" if names.isdisjoint(PASSING) else str(error)[:200]


def use(store, key: str, value: str) -> None:
    """PING, SET with expiry, GET, DEL. Raises NotYet when more time may help, GateError when it cannot."""
    from redis import exceptions

    try:
        store.ping()
        store.set(key, value, ex=30)
        found = store.get(key)
        store.delete(key)
    except (exceptions.AuthenticationError, exceptions.NoPermissionError) as error:
        raise GateError(
            "redis gate",
            str(error)[:200],
            "the user and password of REDIS_URL, allowed to read and write",
            "./invoke logs -s redis",
        ) from None
    except exceptions.ReadOnlyError as error:
        raise GateError(
            "redis gate",
            f"{str(error)[:200]} A restore of Redis that was killed leaves it so.",
            "a server that takes writes",
            "./invoke restore BACKUP --only redis",
        ) from None
    except exceptions.RedisError as error:
        if said := describe_trouble(store, error):
            raise GateError("redis gate", said, "a server that takes writes", WAY_OUT) from None
        raise NotYet(str(error)[:200] or type(error).__name__) from None
    if found != value.encode():
        raise NotYet("read back something else than was written")


def trouble(ends: Endpoints) -> str:
    """Why it would refuse a write though it answers, or an empty text."""
    from redis import exceptions

    store = client(ends)
    try:
        with store:
            return full(store) or unsaved(store)
    except exceptions.RedisError:
        return ""


def describe_trouble(store, error: Exception) -> str:
    """What a refused write means where waiting cannot help, or an empty text."""
    word = str(error).partition(" ")[0]
    if type(error).__name__ == "OutOfMemoryError" or word == "OOM":
        return full(store) or str(error)[:200]
    if word == "MISCONF":
        return unsaved(store) or str(error)[:200]
    return ""


def full(store) -> str:
    """That no key fits any more: the memory is used up, and nothing may be dropped for a new one."""
    memory = store.info("memory")
    used, most, policy = memory["used_memory"], memory["maxmemory"], memory["maxmemory_policy"]
    if not most or used < most or policy != "noeviction":
        return ""
    return f"full: {size(used)} of {size(most)} are used, and REDIS_EVICTION=noeviction drops no key; reading goes on"


def unsaved(store) -> str:
    """That it cannot save, for which it refuses writes."""
    state = store.info("persistence")
    failed = [name for name in ("rdb_last_bgsave_status", "aof_last_write_status") if state.get(name, "ok") != "ok"]
    return f"it cannot save to its disk ({', '.join(failed)}: err), and refuses writes" if failed else ""
