"""Rows and hashes of many tables, read in several sessions at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from slipway.data.backups import fingerprint

if TYPE_CHECKING:
    import psycopg

SMALL = 20_000  # rows up to which tables are counted many to a query
TOGETHER = 100

Connect = Callable[[], "psycopg.Connection"]


class Sessions:
    """As many sessions as workers, each used by one thread at a time."""

    def __init__(self, connect: Connect, workers: int):
        self.connect, self.workers, self.free = connect, workers, []

    def __enter__(self) -> Sessions:
        self.pool = ThreadPoolExecutor(self.workers)
        for _ in range(self.workers):
            conn = self.connect()
            self.free.append(conn)
            fingerprint.settle(conn)
        return self

    def ask(self, query: str) -> dict[str, tuple[int, str | None]]:
        """{table: (rows, hash)}."""
        conn = self.free.pop()
        try:
            return {name: (rows, mark) for name, rows, mark in conn.execute(query)}
        finally:
            self.free.append(conn)

    def __exit__(self, *error: object) -> None:
        self.pool.shutdown(cancel_futures=True)
        for conn in self.free:
            conn.close()


def group_tables(expected: dict[str, dict]) -> list[list[str]]:
    """The tables to be read by one query each: large ones alone and first, small ones many together."""
    alone = sorted(
        (name for name, facts in expected.items() if facts["rows"] > SMALL or facts["hash"]),
        key=lambda name: -expected[name]["rows"],
    )
    small = sorted(expected.keys() - set(alone))
    return [[name] for name in alone] + [small[first : first + TOGETHER] for first in range(0, len(small), TOGETHER)]


def statement(group: list[str], expected: dict[str, dict], columns: Mapping[str, Sequence[str]]) -> str:
    from psycopg import sql

    parts = []
    for name in group:
        inner = question(name, expected[name]["hash"], columns[name])
        parts.append(f"SELECT {sql.Literal(name).as_string(None)}, each.* FROM ({inner}) AS each")  # noqa: S608
    return " UNION ALL ".join(parts)


def question(name: str, mark: str | None, columns: Sequence[str]) -> str:
    """What gives a hash of the form that this one has, or a count where there is none."""
    if mark is None:
        return fingerprint.count(name)
    return fingerprint.query(name, columns) if mark.startswith(fingerprint.MARK) else fingerprint.older_query(name)
