"""How far a dump is: the sizes of the tables that it has behind it, and where it is in the present one."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from slipway.data.backups import snapshot, source
from slipway.data.backups.dump import Dump
from slipway.data.backups.snapshot import Moved, Snapshot
from slipway.data.backups.source import Source

if TYPE_CHECKING:
    import psycopg

# As pg_dump calls them, without quotes.
NAMES = (
    "SELECT c.oid::bigint, n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
)
WHERE = (
    "SELECT coalesce(max(bytes_processed), 0) FROM pg_stat_progress_copy JOIN pg_stat_activity USING (pid) "
    "WHERE application_name = %s"
)


class Pace(AbstractContextManager):
    """Watches from a session of its own. What it cannot see it leaves out: nothing depends on it."""

    def __init__(self, way: Source, taken: Snapshot, name: str):
        names = dict(taken.conn.execute(NAMES).fetchall())
        self.sizes = {names[oid]: size for _, oid, size in taken.tables if oid in names}
        self.total = sum(self.sizes.values())
        self.name = name
        self.definitions = taken.definitions
        self.way, self.made = way, None

    @property
    def conn(self) -> psycopg.Connection:
        """Made when it is first asked, while pg_dump works already."""
        self.made = self.made or source.connect(self.way)
        return self.made

    def written_bytes(self, dump: Dump) -> int:
        """Bytes of tables that are written, of `total`; both are as they lie in the database."""
        import psycopg

        *behind, now = dump.begun or [""]
        try:
            copied = self.conn.execute(WHERE, (self.name,)).fetchone()[0]
        except psycopg.Error:
            copied = 0
        return sum(self.sizes.get(name, 0) for name in behind) + min(copied, self.sizes.get(now, 0))

    def refuse_moved(self) -> None:
        """Raises Moved when a definition of the snapshot is gone or another one now."""
        if lost := self.definitions - snapshot.definitions(self.conn):
            raise Moved(
                f"database {self.conn.info.dbname}",
                f"{len(lost)} definitions changed while the dump read them",
                "a schema that stays while the dump begins",
                "",
            )

    def __exit__(self, *what) -> None:
        if self.made:
            self.made.close()
