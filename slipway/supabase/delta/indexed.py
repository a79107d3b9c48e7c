"""Objects whose bytes stay in the store when their rows leave storage.objects."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psycopg

INDEX = "storage.objects"
KEY = "concat_ws('/', bucket_id, name, version)"  # as objects.rows has it
BEFORE = "pg_temp.slipway_objects"
KEEP = f"CREATE TEMPORARY TABLE slipway_objects ON COMMIT DROP AS SELECT {KEY} AS key FROM {INDEX}"  # noqa: S608
GONE = f"FROM {BEFORE} AS before WHERE NOT EXISTS (SELECT FROM {INDEX} WHERE {KEY} = before.key)"
NAMED = 100


@dataclass
class Orphans:
    """How many keys of the store no row names any more, and the first of them."""

    count: int = 0
    names: list[str] = field(default_factory=list)


@contextmanager
def watch(target: psycopg.Connection, apart: list[str], dry_run: bool) -> Iterator[Orphans]:
    """Fills the answer at the end of the block, in which rows of the index go."""
    found = Orphans()
    watched = INDEX in apart and not dry_run
    if watched:
        target.execute(KEEP)
    yield found
    if watched:
        found.count = target.execute(f"SELECT count(*) {GONE}").fetchone()[0]
        found.names = [
            key for (key,) in target.execute(f'SELECT key COLLATE "C" {GONE} ORDER BY 1 LIMIT {NAMED}').fetchall()
        ]
        target.execute(f"DROP TABLE {BEFORE}")
