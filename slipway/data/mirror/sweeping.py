"""`mirror.sweep`: removes from the pool what no backup names any more."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from slipway.data.mirror import manifest
from slipway.data.mirror.pool import Pool
from slipway.errors import BackupError


def sweep(root: Path) -> int:
    """Removes the pool's files that no backup in `root` names, and temporary ones. Returns how many.

    Removes nothing while a backup is being written there, and raises BackupError, before anything is removed, when a
    backup's list of objects is missing or unreadable: what it names cannot be known.
    """
    pool = Pool(root / "objects")
    if any(root.glob(".partial-*")):
        return 0
    with sqlite3.connect("") as used:  # a temporary file of SQLite's own: any number of backups in flat memory
        used.execute("create table used (sha256 text primary key) without rowid")
        for folder in backups(root):
            used.executemany("insert or ignore into used values (?)", named_objects(folder))
        removed = 0
        for path in (*pool.leftovers(), *find_unused(pool, used)):
            path.unlink(missing_ok=True)
            removed += 1
    return removed


def backups(root: Path) -> Iterator[Path]:
    return (path.parent for path in sorted(root.glob("*/manifest.json")) if not path.parent.name.startswith("."))


def named_objects(folder: Path) -> Iterator[tuple[str]]:
    if holds_objects(folder) and not (folder / manifest.NAME).exists():
        raise BackupError(
            str(folder / manifest.NAME),
            "missing",
            "the objects of that backup; nothing was removed",
            "./invoke backups.verify, or remove that backup",
        )
    return ((entry.sha256,) for entry in manifest.read(folder) if entry.sha256)


def holds_objects(folder: Path) -> bool:
    try:
        return bool(json.loads((folder / "manifest.json").read_bytes()).get("objects"))
    except (ValueError, AttributeError):
        raise BackupError(
            str(folder / "manifest.json"),
            "unreadable",
            "a manifest; nothing was removed",
            "./invoke backups.verify, or remove that backup",
        ) from None


def find_unused(pool: Pool, used: sqlite3.Connection) -> Iterator[Path]:
    for path in pool.files():
        if not used.execute("select 1 from used where sha256 = ?", (path.name,)).fetchone():
            yield path
