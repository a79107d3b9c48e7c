"""What the pool elsewhere holds and what backups want of it, in tables on disk: any number of objects in flat memory."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator

from slipway.data.offsite.place import Remote

# A name is made of the content, so a name with the right size is the content; a sealed one is a little larger.
ABSENT = {
    False: """select w.sha256, w.size from wanted w left join there t using (name)
              where t.size is null or t.size <> w.size order by w.size""",
    True: """select w.sha256, w.size from wanted w left join there t using (name)
             where t.size is null or t.size <= w.size order by w.size""",
}


class Shelf:
    """Names that are there, and names that are wanted."""

    def __init__(self):
        self.db = sqlite3.connect("", isolation_level=None)
        self.db.execute("pragma journal_mode = off")
        self.db.execute("create table there (name text primary key, size int) without rowid")
        self.db.execute("create table wanted (name text primary key, sha256 text, size int) without rowid")

    def __enter__(self) -> Shelf:
        return self

    def __exit__(self, *error: object) -> None:
        self.db.close()

    def fill(self, remote: Remote) -> None:
        self.db.executemany(
            "insert or replace into there values (?, ?)",
            ((found["Key"].rpartition("/")[2], found["Size"]) for found in remote.list_objects(remote.objects)),
        )

    def want(self, each: Iterable[tuple[str, str, int]]) -> None:
        """(name, sha256, size) of each; the latter two are empty where only the name is known."""
        self.db.executemany("insert or ignore into wanted values (?, ?, ?)", each)

    def wanted_names(self) -> Iterator[str]:
        return (name for (name,) in self.db.execute("select name from wanted order by name"))

    def absent(self, sealed: bool) -> Iterator[tuple[str, int]]:
        """(sha256, size) of what is wanted and not there, small ones first."""
        return iter(self.db.execute(ABSENT[sealed]))

    def unwanted_names(self) -> Iterator[str]:
        query = "select name from there where name not in (select name from wanted) order by name"
        return (name for (name,) in self.db.execute(query))
