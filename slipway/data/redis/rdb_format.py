"""In which format a copy of Redis' data is, and whether a server reads it.

Redis and Valkey went on from format 11 in ways of their own: files of Valkey 9 and newer begin with VALKEY080 where
those of others begin with REDIS0012, and neither reads what the other has made since.
"""

from __future__ import annotations

import re
import secrets
from pathlib import Path

from slipway.errors import BackupError

HEAD = re.compile(rb"(REDIS|VALKEY)(\d+)")
LENGTH = 9  # bytes
LAST_COMMON = 11
NAMES = {"REDIS": "Redis", "VALKEY": "Valkey"}


def refuse_unreadable(client, file: Path) -> None:
    """Raises BackupError for a copy that this server cannot read: it may drop what it holds before it finds that out."""
    family, written = of(file)
    valkey = "valkey_version" in client.info("server")
    own = "VALKEY" if valkey else "REDIS"
    newest = read_by(client)
    reads = newest if family == own else min(newest, LAST_COMMON if family == "REDIS" else 0)
    if written > reads:
        raise BackupError(
            "redis",
            f"the backup has format {written} of {NAMES[family]}, and this server reads {newest} of {NAMES[own]} and "
            f"older, {LAST_COMMON} and older of both",
            f"{NAMES[family]}, as new as the server that was backed up",
            "check REDIS and its image in .env",
        )


def of(file: Path) -> tuple[str, int]:
    """Who wrote the file, REDIS or VALKEY, and its format. Raises BackupError for anything else."""
    with file.open("rb") as head:
        found = HEAD.fullmatch(head.read(LENGTH))
    if not found:
        raise BackupError(
            "redis",
            f"{file.name} does not begin as a copy of Redis' data does",
            "REDIS or VALKEY, and the number of a format",
            "./invoke backups.verify; ./invoke backups.list shows others",
        )
    return found[1].decode(), int(found[2])


def read_by(client) -> int:
    """The newest format of its own that the server reads: the two bytes before the checksum that ends a DUMP
    (redis.io/docs/latest/commands/dump)."""
    key = f"slipway:format:{secrets.token_hex(8)}"
    client.set(key, "", ex=30)
    reads = int.from_bytes(client.dump(key)[-10:-8], "little")
    client.delete(key)
    return reads
