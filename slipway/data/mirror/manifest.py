"""objects.jsonl: one line for each object, and reading it again line by line."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from slipway.errors import BackupError

NAME = "objects.jsonl"
ENCODER = json.JSONEncoder(ensure_ascii=False)


@dataclass(frozen=True)
class Entry:
    """One object. `sha256` is None while its bytes are not kept; `headers` and `tags` only where it has any."""

    bucket: str
    key: str
    size: int
    etag: str
    sha256: str | None
    content_type: str | None
    metadata: dict[str, str]
    modified: str
    headers: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.bucket}/{self.key}"

    def line(self) -> str:
        return (
            ENCODER.encode(
                {name: value for name, value in vars(self).items() if value or name not in ("headers", "tags")}
            )
            + "\n"
        )


def read(folder: Path) -> Iterator[Entry]:
    """The objects of a backup, in order; nothing where it holds none. Raises BackupError naming the line."""
    path = folder / NAME
    if not path.exists():
        return
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            yield parse_line(line, f"{path}:{number}")


def is_whole(folder: Path) -> bool:
    """Whether the list is the one that the backup's manifest.json was written for."""
    try:
        wanted = json.loads((folder / "manifest.json").read_bytes())["files"][NAME]["sha256"]
        with (folder / NAME).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == wanted
    except (OSError, ValueError, KeyError, TypeError):
        return False


def parse_line(line: bytes, where: str) -> Entry:
    try:
        found = Entry(**json.loads(line))
    except (ValueError, TypeError) as error:
        raise BackupError(
            where,
            f"unreadable: {error}"[:200],
            "one object as JSON",
            "./invoke backups.verify to see what else is damaged",
        ) from None
    if found.sha256 is not None and not is_sha256(found.sha256):
        raise BackupError(where, f"sha256 {found.sha256!r}"[:200], "64 hexadecimal digits", "./invoke backups.verify")
    return found


def is_sha256(text: object) -> bool:
    """Whether the text may name a file of the pool: nothing else is ever joined to a path."""
    return isinstance(text, str) and len(text) == 64 and not set(text) - set("0123456789abcdef")
