"""The objects that have to be here, on disk: the project is not held still while their bytes are read."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from slipway.supabase.objects import rows
from slipway.supabase.objects.ledger import Ledger
from slipway.supabase.objects.rows import Row

if TYPE_CHECKING:
    import psycopg

THERE = "SELECT to_regclass('storage.objects') IS NOT NULL"
SHAPE = """
CREATE TABLE wanted (key text PRIMARY KEY, bucket text, name text, version text, size int, md5 text, sha256 text) WITHOUT ROWID
"""


class Wanted:
    """Rows of the index, each with the sha256 of what was moved, if it is known; used by one thread."""

    def __init__(self, path: Path):
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.execute("PRAGMA synchronous = off")
        self.db.execute("PRAGMA journal_mode = off")
        self.db.execute(SHAPE)

    def take(self, conn: psycopg.Connection, ledger: Path) -> None:
        """Reads the project's index, and what the ledger of the move says, where there is one."""
        if not conn.execute(THERE).fetchone()[0]:
            return
        moved = Ledger(ledger) if ledger.exists() else None
        self.db.execute("BEGIN")
        for row in rows.read(conn):
            told = (row.key, row.bucket, row.name, row.version, row.size, row.md5, moved.sha256(row) if moved else None)
            self.db.execute("INSERT OR REPLACE INTO wanted VALUES (?, ?, ?, ?, ?, ?, ?)", told)
        self.db.execute("COMMIT")
        if moved:
            moved.db.close()

    def totals(self) -> tuple[int, int]:
        """How many objects, and their bytes as far as the index says them."""
        return self.db.execute("SELECT count(*), coalesce(sum(size), 0) FROM wanted").fetchone()

    def buckets(self) -> set[str]:
        return {name for (name,) in self.db.execute("SELECT DISTINCT bucket FROM wanted")}

    def items(self) -> Iterator[tuple[Row, str | None]]:
        """Each row with the hash of its move, by key."""
        for bucket, name, version, size, md5, sha256 in self.db.execute(
            "SELECT bucket, name, version, size, md5, sha256 FROM wanted ORDER BY key"
        ):
            yield Row(bucket, name, version, size, md5, "", ""), sha256

    def has(self, key: str) -> bool:
        return self.db.execute("SELECT 1 FROM wanted WHERE key = ?", (key,)).fetchone() is not None


@contextmanager
def opened() -> Iterator[Wanted]:
    """An empty one, gone with the block."""
    with tempfile.TemporaryDirectory(prefix="slipway-proof-") as work:
        wanted = Wanted(Path(work) / "wanted.sqlite")
        try:
            yield wanted
        finally:
            wanted.db.close()
