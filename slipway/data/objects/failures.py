"""Failures of an S3 store, in the words of whoever has to mend them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from slipway.data.objects import client as objects
from slipway.errors import BackupError, SlipwayError

KEYS = objects.KEYS_REFUSED | {"403", "401", "Unauthorized"}
NO_BUCKET = objects.NO_BUCKET | {"NoSuchBucketException"}
CLOCK = {"RequestTimeTooSkewed", "RequestExpired"}
FULL = {"QuotaExceeded", "InsufficientStorage", "XMinioStorageFull", "507"}
GONE = {"NoSuchKey", "404", "NotFound", "NoSuchVersion"}
UNREACHED = (
    "EndpointConnectionError",
    "ConnectTimeoutError",
    "ConnectionClosedError",
    "HTTPClientError",
    "ConnectionError",
    "SSLError",
    "ProxyConnectionError",
)
SLOW = ("ReadTimeoutError",)


@dataclass(frozen=True)
class Store:
    """How a store is called in sentences: the prefix of its settings, its endpoint, and where its log is."""

    prefix: str
    endpoint: str
    next: str = "./invoke doctor"


def store_error(error: Exception, where: str, store: Store) -> SlipwayError:
    """The failure as a BackupError: what the store said, what it should be, and what to change."""
    code, kind, found = objects.code_of(error), type(error).__name__, objects.reason(error)
    key = store.prefix
    if code in CLOCK or (code in KEYS and is_about_time(found)):
        return BackupError(
            where,
            f"{found}; the store's clock says {store_clock(error)}, this machine's "
            f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC",
            "clocks that agree within 15 minutes",
            "set the clock of the machine that is wrong: sudo timedatectl set-ntp true",
        )
    if code in KEYS:
        return BackupError(
            where,
            found,
            f"keys that may do this at {store.endpoint}",
            f"correct {key}_ACCESS_KEY and {key}_SECRET_KEY in .env",
        )
    if code in NO_BUCKET:
        return BackupError(where, found, f"that bucket at {store.endpoint}", store.next)
    if code in FULL:
        return BackupError(where, found, "a store with room", f"make room at {store.endpoint}")
    if kind in UNREACHED:
        return BackupError(where, f"{store.endpoint} does not answer ({found})", "a store that answers", store.next)
    if kind in SLOW:
        return BackupError(where, f"{store.endpoint} went silent ({found})", "a store that goes on sending", store.next)
    return BackupError(where, found, f"a store at {store.endpoint} that does this", store.next)


def is_about_time(found: str) -> bool:
    """Some stores refuse a request from the past as they refuse wrong keys, and only their words tell."""
    return "request time" in found.lower()


def store_clock(error: Exception) -> str:
    """The Date of the store's answer."""
    headers = (getattr(error, "response", None) or {}).get("ResponseMetadata", {}).get("HTTPHeaders", {})
    return headers.get("date", "nothing")
