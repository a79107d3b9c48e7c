"""The manifest of a backup: what it holds and what each file must be. Its own digest stands beside it."""

from __future__ import annotations

import hashlib
import json
import os
import re
from pathlib import Path

from slipway.errors import BackupError

FORMAT = 1
NAME, DIGEST, EVIDENCE = "manifest.json", "manifest.sha256", "drill.json"
DUMP, GLOBALS, LIST, KEYS = "database.dump", "globals.sql", "objects.jsonl", "env-keys.txt"
# What a backup's directory may hold that its manifest does not name.
BESIDE = frozenset({NAME, DIGEST, EVIDENCE, "offsite.json"})
CHUNK = 2**20


def write(folder: Path, content: dict) -> None:
    """Writes the manifest and its digest, in the form that `sha256sum --check` reads, and waits for the disk."""
    text = json.dumps({"format": FORMAT, **content}, indent=1, ensure_ascii=False).encode() + b"\n"
    put(folder / NAME, text)
    put(folder / DIGEST, line(text))


def put(path: Path, content: bytes) -> None:
    """Writes one small file for its owner alone, and waits for the disk."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def line(text: bytes) -> bytes:
    return f"{hashlib.sha256(text).hexdigest()}  {NAME}\n".encode()


def read(folder: Path) -> dict:
    """The manifest. Raises BackupError where it is not byte for byte what was written, or of a form we do not know."""
    where = f"backup {folder.name}"
    try:
        text, digest = (folder / NAME).read_bytes(), (folder / DIGEST).read_bytes()
    except OSError as error:
        raise broken_error(where, f"{Path(error.filename or NAME).name} cannot be read: {error.strerror}") from None
    if digest != line(text):
        raise broken_error(where, f"{NAME} is not what {DIGEST} says")
    content = json.loads(text)
    if content.get("format") != FORMAT:
        raise BackupError(
            where,
            f"{NAME} has format {content.get('format')}",
            f"format {FORMAT}",
            "use the Slipway that took this backup, or a newer one",
        )
    return content


def broken_error(where: str, found: str) -> BackupError:
    return BackupError(where, found, "a backup as it was written", "./invoke backups.list, and take another one")


def writer(content: dict) -> int:
    """The major version of the pg_dump that wrote the dump, which no older pg_restore reads; 0 where it is not told."""
    found = re.match(r"\d+", content.get("tools", {}).get("pg_dump", ""))
    return int(found[0]) if found else 0


def facts(path: Path) -> dict:
    """{"bytes", "sha256"} of a file of any size."""
    total, size = hashlib.sha256(), 0
    with path.open("rb", buffering=0) as file:
        while chunk := file.read(CHUNK):
            total.update(chunk)
            size += len(chunk)
    return {"bytes": size, "sha256": total.hexdigest()}
