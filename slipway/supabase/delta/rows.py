"""The rows of one table that differ, brought from the project into the copy."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING

from slipway.data.endpoints import Emit
from slipway.data.progress import progress
from slipway.supabase.delta.merge import CHANGED, DELETED, INSERTED, merge
from slipway.supabase.delta.tables import PAGE, Key, Table, stream

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

NOTED = "pg_temp.slipway_delta"


def count(source: psycopg.Connection, target: psycopg.Connection, table: Table) -> Counter[str]:
    """How many rows are new, changed and gone, and nothing more."""
    if not table.key:
        ask = f"SELECT count(*) FROM ONLY {table.name}"  # noqa: S608
        theirs, ours = (conn.execute(ask).fetchone()[0] for conn in (source, target))
        return Counter({INSERTED: theirs, DELETED: ours})
    return Counter(what for what, _ in differing(source, target, table))


def bring(source: psycopg.Connection, target: psycopg.Connection, table: Table, emit: Emit) -> Counter[str]:
    """Makes the target's rows those of the source; a table without a key is replaced whole.

    What is gone or changed goes before anything comes, so that no two rows of a unique index meet on the way.
    """
    if not table.key:
        gone = target.execute(f"DELETE FROM ONLY {table.name}").rowcount  # noqa: S608
        copy(source, target, table, f"SELECT {table.listed} FROM ONLY {table.name}")  # noqa: S608
        came = target.execute(f"SELECT count(*) FROM ONLY {table.name}").fetchone()[0]  # noqa: S608
        return Counter({INSERTED: came, DELETED: gone})
    done = note(target, table, differing(source, target, table))
    target.execute(
        f"DELETE FROM ONLY {table.name} AS each USING {NOTED} AS noted "  # noqa: S608
        f"WHERE noted.what IN ('{CHANGED}', '{DELETED}') AND {table.matches('noted')}"
    )
    fetch(source, target, table, done[INSERTED] + done[CHANGED], emit)
    target.execute(f"DROP TABLE {NOTED}")
    return done


def differing(source: psycopg.Connection, target: psycopg.Connection, table: Table) -> Iterator[tuple[str, Key]]:
    return merge(stream(target, table, "ours"), stream(source, table, "theirs"))


def note(target: psycopg.Connection, table: Table, found: Iterator[tuple[str, Key]]) -> Counter[str]:
    """Puts the keys into a temporary table of the target, a page at a time: there may be more than memory holds."""
    columns = ", ".join(f"k{at} text" for at in range(len(table.key)))
    target.execute(f'CREATE TEMPORARY TABLE {NOTED.removeprefix("pg_temp.")} (what "char", {columns}) ON COMMIT DROP')
    done: Counter[str] = Counter()
    while page := list(islice(found, PAGE)):
        with target.cursor().copy(f"COPY {NOTED} FROM STDIN") as into:
            for what, key in page:
                into.write_row((what, *map(str, key)))
        done.update(what for what, _ in page)
    target.execute(f"ANALYZE {NOTED}")
    return done


def fetch(source: psycopg.Connection, target: psycopg.Connection, table: Table, total: int, emit: Emit) -> None:
    """The rows of the noted keys that the source has, asked for a page of keys at a time."""
    names = [f"k{at}" for at in range(len(table.key))]
    came = 0
    with target.cursor(name="delta_noted") as cursor:
        cursor.execute(f"SELECT {', '.join(names)} FROM {NOTED} WHERE what <> '{DELETED}'")  # noqa: S608
        while page := cursor.fetchmany(PAGE):
            arrays = ", ".join(f"{array(values)}::text[]" for values in zip(*page, strict=True))
            copy(
                source,
                target,
                table,
                f"SELECT {', '.join(f'each.{each}' for each in table.columns)} FROM unnest({arrays}) "  # noqa: S608
                f"AS noted ({', '.join(names)}) JOIN ONLY {table.name} AS each ON {table.matches('noted')}",
            )
            came += len(page)
            progress(emit, f"bringing rows of {table.name}", came, total, "rows")


def array(values: tuple[str, ...]) -> str:
    from psycopg import sql

    return sql.Literal(list(values)).as_string(None)


def copy(source: psycopg.Connection, target: psycopg.Connection, table: Table, query: str) -> None:
    """Rows as text from one server into the other, as they come. COPY keeps the values of identity columns."""
    with (
        source.cursor().copy(f"COPY ({query}) TO STDOUT") as out,
        target.cursor().copy(f"COPY {table.name} ({table.listed}) FROM STDIN") as into,
    ):
        for piece in out:
            into.write(piece)
