"""Rows, sequences and large objects of both sides, compared by number and by a hash that no order changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import TYPE_CHECKING

from slipway.data.backups import fingerprint
from slipway.supabase.copying import leave
from slipway.supabase.proving import asking
from slipway.supabase.proving.asking import Answer, Refused
from slipway.supabase.proving.left import Stays
from slipway.supabase.proving.sides import Side, both

if TYPE_CHECKING:
    import psycopg

OURS = ("slipway",)  # schema of this stack's own tables
LARGE = 8 * 2**20  # bytes from which on a table is read by a statement of its own
SEQUENCES = """
SELECT format('%%I.%%I', n.nspname, c.relname), c.oid::bigint FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'S' AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> ALL (%s) AND NOT EXISTS (
    SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
"""
LARGE_OBJECTS = """
SELECT count(*), coalesce(sum(('x' || substr(md5(m.oid || ' ' || md5(lo_get(m.oid))), 1, 16))::bit(64)::bigint::numeric), 0)
FROM pg_largeobject_metadata m
"""
Tell = Callable[[int, int], None]


@dataclass(frozen=True)
class Judged:
    """What of one kind differs, what nobody could read, and what is another and no loss."""

    differ: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)


def rows(project: Side, copy: Side, stays: Stays, tell: Tell) -> tuple[list[str], list[str], str]:
    """Tables that differ, those that could not be read, and how much was compared."""
    names = both(lambda side: tables(side.conn), project, copy)
    expected = {name: size for name, (number, size) in names[0].items() if not stays.has_table(number)}
    wanted = (expected, {name: size for name, (_, size) in names[1].items() if name in expected})
    done: list[int] = []

    def add(count: int) -> None:
        done.append(count)
        tell(sum(done), sum(map(len, wanted)))

    before, after = both(lambda side: hashed(side, wanted[side is copy], add), project, copy)
    differ, unread = judge(before, after, table_words)
    return (
        differ,
        unread,
        f"{sum(int(each[0]) for each in before.values() if not refused(each)):,} rows of {len(before):,} tables",
    )


def tables(conn: psycopg.Connection) -> dict[str, tuple[int, int]]:
    return {name: (number, size) for name, number, size in fingerprint.tables(conn, (*leave.LEFT, *OURS))}


def hashed(side: Side, sizes: Mapping[str, int], add: Callable[[int], None]) -> dict[str, Answer]:
    """Rows and hash of each table: the large ones first and alone, the others many together, in several sessions."""
    alone = sorted((name for name, size in sizes.items() if size >= LARGE), key=lambda name: -sizes[name])
    small = sorted(sizes.keys() - set(alone))
    groups = [[name] for name in alone]
    groups += [small[first : first + asking.TOGETHER] for first in range(0, len(small), asking.TOGETHER)]
    free: SimpleQueue[psycopg.Connection] = SimpleQueue()
    for conn in side.readers:
        fingerprint.settle(conn)
        free.put(conn)
    queries = fingerprint.queries(side.conn, list(sizes))

    def read(group: list[str]) -> dict[str, Answer]:
        conn = free.get()
        try:
            return asking.ask(conn, {name: queries[name] for name in group})
        finally:
            free.put(conn)
            add(len(group))

    with ThreadPoolExecutor(len(side.readers)) as pool:
        return {name: answer for found in pool.map(read, groups) for name, answer in found.items()}


def sequences(project: Side, copy: Side, stays: Stays) -> tuple[list[str], list[str], str]:
    """Sequences that stand elsewhere; none is in a snapshot, so both are as they are now."""

    def read(side: Side) -> dict[str, Answer]:
        there = side.conn.execute(SEQUENCES, ([*leave.LEFT, *OURS],)).fetchall()
        names = [name for name, number in there if side is copy or not stays.has_table(number)]
        return asking.ask(side.conn, {name: f"SELECT last_value, is_called FROM {name}" for name in names})  # noqa: S608

    before, after = both(read, project, copy)
    differ, unread = judge(before, {name: each for name, each in after.items() if name in before}, sequence_words)
    return differ, unread, f"{len(before):,} stand where they stood"


def large_objects(project: Side, copy: Side) -> tuple[list[str], list[str], str]:
    """Number and bytes of the large objects, which belong to no table."""
    before, after = both(lambda side: asking.ask(side.conn, {"large objects": LARGE_OBJECTS}), project, copy)
    differ, unread = judge(before, after, table_words)
    return differ, unread, f"{before['large objects'][0]} with the same bytes" if not unread else ""


def judge(
    before: Mapping[str, Answer], after: Mapping[str, Answer], words: Callable[[str, Answer, Answer], str]
) -> tuple[list[str], list[str]]:
    """What differs, and what has no answer on one of the sides."""
    differ, unread = [], []
    for name, expected in sorted(before.items()):
        found = after.get(name)
        if found is None:
            differ.append(f"{name}: missing")
        elif isinstance(expected, Refused) or isinstance(found, Refused):
            side, why = ("the project", expected) if isinstance(expected, Refused) else ("the copy", found)
            unread.append(f"{name}: not readable in {side}: {why.reason}")
        elif expected != found:
            differ.append(words(name, expected, found))
    return differ, unread


def refused(answer: Answer) -> bool:
    return isinstance(answer, Refused)


def table_words(name: str, expected: Answer, found: Answer) -> str:
    if expected[0] != found[0]:
        return f"{name}: {int(found[0]):,} instead of {int(expected[0]):,}"
    return f"{name}: as many, with another content"


def sequence_words(name: str, expected: Answer, found: Answer) -> str:
    stand = [f"{value}{'' if called == 'true' else ', not yet given'}" for value, called in (found, expected)]
    return f"{name}: at {stand[0]} instead of {stand[1]}"
