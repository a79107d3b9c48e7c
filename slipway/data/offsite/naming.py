"""The names of the pool's bytes elsewhere: their sha256, or, when they are sealed, one that tells nothing of them.

Whoever may list the bucket could compare a sha256 with that of a file he has. So the name of a sealed one is made with a
random key, which travels sealed in every backup. It is bound to the recipients too: for others all is sealed anew.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from slipway.data.offsite.place import SEALED
from slipway.errors import BackupError

FILE, OBJECTS = "pool.key", "objects"


@dataclass(frozen=True)
class Names:
    """What each content is called; `key` is empty where nothing is sealed."""

    key: str = ""
    recipients: tuple[str, ...] = ()

    def of(self, sha256: str) -> str:
        if not self.key:
            return sha256
        text = "\n".join((*sorted(self.recipients), sha256))
        return hmac.new(bytes.fromhex(self.key), text.encode(), hashlib.sha256).hexdigest() + SEALED

    @property
    def mark(self) -> str:
        """Tells one set of recipients from another."""
        return hashlib.sha256("\n".join(sorted(self.recipients)).encode()).hexdigest()[:8]

    def text(self) -> str:
        return json.dumps({"key": self.key, "recipients": list(self.recipients)})


def mine(spool: Path, recipients: tuple[str, ...]) -> Names:
    """The names for copies from here; the key is made once. A lost one costs a new copy of the pool, and no data."""
    if not recipients:
        return Names()
    path = spool / FILE
    if not path.exists():
        keep(path, secrets.token_hex(32))
    return Names(check_key(path.read_text(encoding="ascii").strip(), str(path)), recipients)


def adopt(spool: Path, names: Names) -> None:
    """After a loss: goes on with the names of the copies that are there, so that the pool need not be sent again."""
    if not (spool / FILE).exists():
        keep(spool / FILE, names.key)


def keep(path: Path, key: str) -> None:
    fresh = path.with_suffix(".new")
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def of_backup(text: str, where: str) -> Names:
    """The names that a backup was copied with."""
    try:
        found = json.loads(text)
        return Names(check_key(found["key"], where), tuple(found["recipients"]))
    except (ValueError, KeyError, TypeError):
        raise damaged_error(where) from None


def check_key(key: str, where: str) -> str:
    if len(key) != 64 or set(key) - set("0123456789abcdef"):
        raise damaged_error(where)
    return key


def damaged_error(where: str) -> BackupError:
    return BackupError(where, "damaged", "the key of the pool's names", "remove that file: the pool is copied anew")
