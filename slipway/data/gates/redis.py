"""The gate of Redis, and the client that it shares with backups and restores."""

from __future__ import annotations

import secrets

from slipway.data.endpoints import Emit, Endpoints, need
from slipway.data.progress import teller
from slipway.data.verb import Nothing
from slipway.errors import GateError, SettingsError
from slipway.system.wait import NotYet, Opened, wait

FORM = "redis://user:password@host:6379/0"


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
        raise NotYet(str(error)[:200] or type(error).__name__) from None
    if found != value.encode():
        raise NotYet("read back something else than was written")
