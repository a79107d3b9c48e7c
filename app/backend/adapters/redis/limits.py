"""Limits on how often logins may be tried, in Redis: per address and per account, over a moving window."""

from __future__ import annotations

import hashlib
import ipaddress
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from limits import RateLimitItemPerSecond
from limits.aio.storage import RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter
from redis.asyncio import Redis

NETWORK = 64  # bits of an IPv6 address; whoever has one has all that begin with them


class Kind(Enum):
    """What tries are counted by."""

    ADDRESS = "address"  # logins that failed
    REGISTER = "register"
    REFRESH = "refresh"
    ACCOUNT = "account"  # logins; a right password forgets those before


@dataclass(frozen=True)
class Rate:
    """So many tries in so many seconds."""

    tries: int
    seconds: int


# An office behind one address has more people than an account has owners.
RATES: Mapping[Kind, Rate] = {
    Kind.ADDRESS: Rate(30, 300),
    Kind.REGISTER: Rate(100, 300),
    Kind.REFRESH: Rate(150, 300),
    Kind.ACCOUNT: Rate(10, 300),
}


class Limits:
    """Counts tries below one prefix of one Redis; its connections are those of `redis`. Errors of Redis pass through."""

    def __init__(self, redis: Redis, rates: Mapping[Kind, Rate] = RATES, prefix: str = "auth:limits") -> None:
        # The address is not used where a pool is given, but has to be one.
        storage = RedisStorage(
            "async+redis://", implementation="redispy", key_prefix=prefix, connection_pool=redis.connection_pool
        )
        self._limiter = MovingWindowRateLimiter(storage)
        self._items = {kind: RateLimitItemPerSecond(rate.tries, rate.seconds) for kind, rate in rates.items()}

    async def address(self, address: str) -> int | None:
        """The seconds to wait after too many failed logins from an address, or None."""
        item, name = self._items[Kind.ADDRESS], counted(Kind.ADDRESS, address)
        if await self._limiter.test(item, Kind.ADDRESS.value, name):
            return None
        return await self.wait(item, Kind.ADDRESS.value, name)

    async def failed(self, address: str) -> int | None:
        """Count a failed login from an address."""
        return await self.allow(Kind.ADDRESS, address)

    async def register(self, address: str) -> int | None:
        """Count a registration from an address."""
        return await self.allow(Kind.REGISTER, address)

    async def refresh(self, address: str) -> int | None:
        """Count a refresh from an address."""
        return await self.allow(Kind.REFRESH, address)

    async def account(self, email: str) -> int | None:
        """Count a login to an account, whether there is one or not."""
        return await self.allow(Kind.ACCOUNT, email)

    async def forgive(self, email: str) -> None:
        """Forget the tries of an account: its owner is there."""
        await self._limiter.clear(self._items[Kind.ACCOUNT], Kind.ACCOUNT.value, counted(Kind.ACCOUNT, email))

    async def allow(self, kind: Kind, key: str) -> int | None:
        """None, and the try is counted; or the seconds to wait until one is allowed again, and it is not."""
        item, name = self._items[kind], counted(kind, key)
        if await self._limiter.hit(item, kind.value, name):
            return None
        return await self.wait(item, kind.value, name)

    async def wait(self, item: RateLimitItemPerSecond, *names: str) -> int:
        """The seconds until a try is allowed again."""
        stats = await self._limiter.get_window_stats(item, *names)
        return min(max(math.ceil(stats.reset_time - time.time()), 1), item.get_expiry())


def counted(kind: Kind, key: str) -> str:
    """The name that tries of `key` are counted under: hashed, so that Redis lists neither people nor addresses."""
    plain = key.strip().casefold() if kind is Kind.ACCOUNT else network(key)
    return hashlib.sha256(plain.encode(errors="surrogatepass")).hexdigest()


def network(address: str) -> str:
    """The address itself, or for IPv6 the network that it is in; what is no address stays as it is."""
    try:
        found = ipaddress.ip_address(address.strip())
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((int(found), NETWORK), strict=False))
