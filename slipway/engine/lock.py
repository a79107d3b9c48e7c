"""Who holds a stack's lock: one deploy, migration, backup or restore at a time, and everybody can see whose."""

from __future__ import annotations

import getpass
import os
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from slipway.errors import LockHeld, LockLost


@dataclass(frozen=True)
class Holder:
    """What the holder of a lock says of itself. `since` is UTC."""

    by: str
    host: str
    pid: str
    doing: str
    since: str

    def labels(self) -> dict[str, str]:
        return {f"slipway.lock.{key}": value for key, value in asdict(self).items()}

    def __str__(self) -> str:
        return f"{self.by} on {self.host} (process {self.pid}), since {self.since}: {self.doing}"


def me(doing: str) -> Holder:
    try:
        by = getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        by = str(os.getuid())
    return Holder(by, platform.node(), str(os.getpid()), doing, datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC"))


def from_labels(labels: Mapping[str, str]) -> Holder:
    return Holder(*(labels.get(f"slipway.lock.{key}", "unknown") for key in ("by", "host", "pid", "doing", "since")))


def held_error(stack: str, holder: Holder, flag: str = "") -> LockHeld:
    return LockHeld(
        f"lock of {stack}",
        f"held by {holder}",
        "one deploy, migration, backup or restore at a time",
        f"wait for it (--wait 300); if nobody works there any more: ./invoke unlock{flag}",
    )


def lost_error(stack: str) -> LockLost:
    return LockLost(
        f"lock of {stack}",
        "lost: this process was not heard for too long, or ./invoke unlock broke it",
        "the lock from the first step to the last",
        "./invoke history; the next ./invoke deploy says what was left and puts it right",
    )
