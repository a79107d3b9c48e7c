"""Kept writes in SQLite: a file that all processes of the service on this machine share, in WAL mode.

Each write is on the disk before its client hears of it (synchronous=FULL).
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter

from backend.domain.errors import Unavailable
from backend.domain.kept import Fill, KeptTask

T = TypeVar("T")
FILE = "kept-writes.sqlite"
WISH = TypeAdapter(KeptTask)
SCHEMA = """
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    CREATE TABLE IF NOT EXISTS kept (place INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE NOT NULL, wish BLOB NOT NULL);
    CREATE TABLE IF NOT EXISTS refused (id TEXT PRIMARY KEY, wish BLOB NOT NULL, reason TEXT NOT NULL);
"""
FILL = "SELECT (SELECT count(*) FROM kept), (SELECT coalesce(sum(length(wish)), 0) FROM kept), (SELECT count(*) FROM refused)"


class SqliteBuffer:
    """The buffer in one directory. One thread works on it: SQLite blocks, and writes come one after another anyway."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / FILE
        path.touch(mode=0o600)  # it holds what users wrote
        self._thread = ThreadPoolExecutor(1, "buffer")
        # Another process may be writing: it is waited for.
        self._file = sqlite3.connect(path, timeout=10, check_same_thread=False, isolation_level=None)
        self._file.executescript(SCHEMA)
        self.fill = Fill(*self._file.execute(FILL).fetchone())

    async def keep(self, wish: KeptTask) -> None:
        """Put it behind all others; on disk when it returns."""
        await self._change("INSERT INTO kept (id, wish) VALUES (?, ?)", (str(wish.id), written(wish)))

    async def oldest(self) -> KeptTask | None:
        """The write whose turn it is."""
        row = await self._run(lambda: self._file.execute("SELECT wish FROM kept ORDER BY place LIMIT 1").fetchone())
        return row and WISH.validate_json(row[0])

    async def forget(self, wish: KeptTask) -> None:
        """It was carried out."""
        await self._change("DELETE FROM kept WHERE id = ?", (str(wish.id),))

    async def refuse(self, wish: KeptTask, reason: str) -> None:
        """Set it aside: the database is there and does not take it."""
        aside = "INSERT OR IGNORE INTO refused (id, wish, reason) VALUES (?, ?, ?)"
        await self._change(aside, (str(wish.id), written(wish), reason))
        await self.forget(wish)

    async def look(self) -> Fill:
        """How full it is: other processes fill and empty it too."""
        self.fill = Fill(*await self._run(lambda: self._file.execute(FILL).fetchone()))
        return self.fill

    def close(self) -> None:
        """Close the file, after what is under way."""
        self._thread.shutdown(wait=True)
        self._file.close()

    async def _change(self, statement: str, values: tuple[Any, ...]) -> None:
        await self._run(lambda: self._file.execute(statement, values))
        await self.look()

    async def _run(self, work: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except sqlite3.Error as error:  # the disk is full, say
            raise Unavailable(f"Writes cannot be kept: {error}; see APP_DATA.") from None


def written(wish: KeptTask) -> bytes:
    """`wish` as JSON."""
    return WISH.dump_json(replace(wish, caller=replace(wish.caller, claims=dict(wish.caller.claims))))
