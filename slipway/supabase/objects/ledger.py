"""What was moved already, on disk: a run that was cut short goes on, and the proof has a hash for each object."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from slipway.supabase.objects.rows import Row

SHAPE = """
CREATE TABLE IF NOT EXISTS moved (key text PRIMARY KEY, size int NOT NULL, sha256 text NOT NULL, mark text) WITHOUT ROWID
"""


class Ledger:
    """Keys in this stack's store with size and sha256 of what was put there; used by one thread."""

    def __init__(self, path: Path):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.db = sqlite3.connect(path, isolation_level=None)
        # A power cut may lose the last few: these are moved again.
        self.db.execute("PRAGMA journal_mode = wal")
        self.db.execute("PRAGMA synchronous = off")
        self.db.execute(SHAPE)
        if "mark" not in {name for _, name, *_ in self.db.execute("PRAGMA table_info(moved)")}:
            self.db.execute("ALTER TABLE moved ADD COLUMN mark text")  # of an older form, which knows none

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *error: object) -> None:
        self.db.close()

    def size(self, row: Row) -> int | None:
        """Bytes of an object that was moved and not overwritten since, or None."""
        return (self.find(row) or (None, None))[0]

    def sha256(self, row: Row) -> str | None:
        """The hash of such an object, or None."""
        return (self.find(row) or (None, None))[1]

    def find(self, row: Row) -> tuple[int, str] | None:
        query = "SELECT size, sha256 FROM moved WHERE key = ? AND (mark IS NULL OR mark = ?)"
        return self.db.execute(query, (row.key, row.mark)).fetchone()

    def note(self, row: Row, size: int, sha256: str) -> None:
        self.db.execute("INSERT OR REPLACE INTO moved VALUES (?, ?, ?, ?)", (row.key, size, sha256, row.mark))
