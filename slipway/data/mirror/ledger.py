"""What is listed now and what was known before, in tables on disk: any number of objects in flat memory.

Stores need not list in the order of their keys (S3's own directory buckets and plain file systems do not), so two
listings cannot be merged as they come; tables can.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator

from slipway.data.mirror.manifest import Entry

SHAPE = """
create table {table} (bucket text, key text, size int, etag text, modified text, sha256 text, content_type text,
                      rest text, primary key (bucket, key)) without rowid
"""
INSERT = {
    "before": "insert or replace into before values (?, ?, ?, ?, ?, ?, ?, ?)",
    "now": "insert or replace into now values (?, ?, ?, ?, ?, ?, ?, ?)",
}
CARRY = """
update now set sha256 = b.sha256, content_type = b.content_type, rest = b.rest from before b
where b.bucket = now.bucket and b.key = now.key
  and b.size = now.size and b.etag = now.etag and b.modified = now.modified
"""
DIFFERENT = """
select b.* from before b left join now n on n.bucket = b.bucket and n.key = b.key
where n.key is null or n.size <> b.size or n.etag <> b.etag or n.modified <> b.modified
order by b.bucket, b.key
"""
EXTRA = """
select n.* from now n left join before b on n.bucket = b.bucket and n.key = b.key where b.key is null
order by n.bucket, n.key
"""
UNREAD = "select * from now where sha256 is null order by bucket, key limit ?"
UNDESCRIBED = "select * from now where content_type is null order by bucket, key limit ?"


class Ledger:
    """Two tables of objects, `before` and `now`, in a temporary file of SQLite's own."""

    def __init__(self):
        self.db = sqlite3.connect("", isolation_level=None)
        for words in ("journal_mode = off", "synchronous = off", "cache_size = -16000"):
            self.db.execute(f"pragma {words}")
        for table in INSERT:
            self.db.execute(SHAPE.format(table=table))

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *error: object) -> None:
        self.db.close()

    def add(self, table: str, entries: Iterable[Entry]) -> None:
        self.db.execute("begin")
        self.db.executemany(INSERT[table], map(row, entries))
        self.db.execute("commit")

    def put(self, entry: Entry) -> None:
        self.db.execute(INSERT["now"], row(entry))

    def drop(self, entry: Entry) -> None:
        self.db.execute("delete from now where bucket = ? and key = ?", (entry.bucket, entry.key))

    def carry(self) -> None:
        """What is unchanged by size, ETag and time keeps what was known of it."""
        self.db.execute(CARRY)

    def forget(self, has: Callable[[str, int], bool]) -> None:
        """What was carried and is not in the pool (by sha256 and size) has to be read again."""
        self.db.create_function("has", 2, has)
        self.db.execute("update now set sha256 = null where sha256 is not null and not has(sha256, size)")

    def forget_all(self) -> None:
        self.db.execute("update now set sha256 = null")

    def unread_bytes(self) -> int:
        return self.value("select coalesce(sum(size), 0) from now where sha256 is null")

    def different_bytes(self) -> int:
        return self.value(f"select coalesce(sum(size), 0) from ({DIFFERENT})")  # noqa: S608

    def backed_up(self) -> int:
        return self.value("select count(*) from before")

    def value(self, query: str) -> int:
        return self.db.execute(query).fetchone()[0]

    def batches(self, query: str, size: int = 10_000) -> Iterator[list[Entry]]:
        """What a query finds, so much at a time: a table must not change under a query that walks it."""
        while batch := [entry(found) for found in self.db.execute(query, (size,))]:
            yield batch

    def entries(self) -> Iterator[Entry]:
        """What is listed now, by bucket and key in the order of their bytes."""
        return map(entry, self.db.execute("select * from now order by bucket, key"))

    def different(self) -> Iterator[Entry]:
        """What was before and is now absent or another."""
        return map(entry, self.db.execute(DIFFERENT))

    def extra(self) -> Iterator[Entry]:
        """What is there now and was not before."""
        return map(entry, self.db.execute(EXTRA))

    def now(self, bucket: str, key: str) -> Entry | None:
        found = self.db.execute("select * from now where bucket = ? and key = ?", (bucket, key)).fetchone()
        return entry(found) if found else None

    def buckets(self) -> dict[str, dict[str, int]]:
        query = "select bucket, count(*), sum(size) from now group by bucket order by bucket"
        return {name: {"count": count, "bytes": size} for name, count, size in self.db.execute(query)}


def row(entry: Entry) -> tuple:
    rest = json.dumps([entry.metadata, entry.headers, entry.tags]) if entry.content_type is not None else None
    return (entry.bucket, entry.key, entry.size, entry.etag, entry.modified, entry.sha256, entry.content_type, rest)


def entry(found: tuple) -> Entry:
    bucket, key, size, etag, modified, sha256, content_type, rest = found
    metadata, headers, tags = json.loads(rest) if rest else ({}, {}, {})
    return Entry(bucket, key, size, etag, sha256, content_type, metadata, modified, headers, tags)
