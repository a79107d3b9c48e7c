"""CSV into a table that may hold rows already: counted, streamed, and only what is new is kept."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from slipway.data import pg
from slipway.errors import MigrationError

if TYPE_CHECKING:
    import psycopg
    from psycopg import sql

HAS_KEY = """
SELECT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = to_regclass(%s) AND i.indisunique AND i.indisvalid
    AND i.indpred IS NULL AND i.indexprs IS NULL AND NOT EXISTS (
        SELECT FROM unnest((i.indkey::int2[])[0:i.indnkeyatts - 1]) AS k(number) JOIN pg_attribute a
        ON a.attrelid = i.indrelid AND a.attnum = k.number WHERE a.attname <> ALL (%s)))
"""
DEFINITION = """
SELECT pg_get_constraintdef(oid) FROM pg_constraint
WHERE conname = %s AND conrelid = format('%%I.%%I', %s::text, %s::text)::regclass
"""


class RecordCount:
    """Counts CSV records as bytes stream past: line ends outside quotes."""

    def __init__(self) -> None:
        self.records, self.quoted, self.last = 0, False, b""

    def add(self, chunk: bytes) -> None:
        parts = chunk.split(b'"')
        self.records += sum(part.count(b"\n") for part in parts[int(self.quoted) :: 2])
        self.quoted ^= len(parts) % 2 == 0
        self.last = chunk[-1:]

    def done(self) -> int:
        return self.records + (self.last not in (b"", b"\n"))


def count(chunks: Iterable[bytes]) -> int:
    """The records of a CSV without its header."""
    seen = RecordCount()
    for chunk in chunks:
        seen.add(chunk)
    return max(seen.done() - 1, 0)


def header(path: Path, label: str) -> list[str]:
    """The column names of the CSV's first record."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        try:
            names = next(csv.reader(file), [])
        except UnicodeDecodeError:
            names = []
    if not names or not all(names):
        raise MigrationError(f"{label}:1", "no header", "a first line with the column names in UTF-8", f"edit {label}")
    return names


def load(
    conn: psycopg.Connection,
    read: Callable[[], Iterable[bytes]],
    table: str,
    columns: list[str],
    label: str,
    tell: Callable[[int], None],
) -> int:
    """Streams the CSV into a temporary table and inserts from there what is not yet in the table; returns new rows.

    COPY itself cannot pass over rows that exist. `tell` hears how many records were sent. Raises MigrationError with
    the line; for that the file is `read` a second time where a constraint of the table refuses a row.
    """
    from psycopg import DatabaseError, OperationalError, errors, sql

    target = sql.Identifier(*table.split(".", 1))
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    conn.execute("SAVEPOINT slipway_load")
    try:
        copy_in(conn, read(), target, names, tell)
    except DatabaseError as error:
        if isinstance(error, OperationalError):  # the server's trouble or a lost connection, not the file's
            raise
        raise csv_error(error, table, label, line_of(error)) from None
    try:
        return conn.execute(
            sql.SQL(
                "INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM pg_temp.slipway_load ON CONFLICT DO NOTHING"
            ).format(target, names, names)
        ).rowcount
    except (errors.NotNullViolation, errors.CheckViolation) as error:
        line = refused_line(conn, partial(copy_in, conn, read(), target, names), error)
        raise csv_error(error, table, label, line) from None


def copy_in(
    conn: psycopg.Connection,
    chunks: Iterable[bytes],
    target: sql.Composable,
    names: sql.Composable,
    tell: Callable[[int], None] = lambda done: None,
    constraint: str = "",
) -> None:
    """Makes the temporary table with the columns of the CSV, and streams the records into it."""
    from psycopg import sql

    conn.execute(
        sql.SQL("CREATE TEMPORARY TABLE slipway_load ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA").format(
            names, target
        )
    )
    if constraint:
        conn.execute(f"ALTER TABLE pg_temp.slipway_load {constraint}")
    seen = RecordCount()
    command = sql.SQL("COPY pg_temp.slipway_load ({}) FROM STDIN (FORMAT csv, HEADER true)").format(names)
    with conn.cursor().copy(command) as copy:
        for chunk in chunks:
            copy.write(chunk)
            seen.add(chunk)
            tell(seen.records)


def refused_line(conn: psycopg.Connection, copy_again: Callable[..., None], error: psycopg.Error) -> str:
    """The line of the record that the table's constraint refuses, or nothing where the records alone do not tell.

    Only COPY knows lines, so it is made to meet that constraint; not the first time, for a trigger of the table may
    mend what the file has.
    """
    import psycopg

    conn.execute("ROLLBACK TO SAVEPOINT slipway_load")
    try:
        copy_again(constraint=constraint_of(conn, error.diag))
    except psycopg.Error as again:
        return line_of(again)
    return ""


def constraint_of(conn: psycopg.Connection, diag: psycopg.errors.Diagnostic) -> str:
    """What makes the temporary table refuse what the table, or a partition of it, has refused."""
    if diag.column_name:
        return f"ALTER COLUMN {pg.identifier(diag.column_name)} SET NOT NULL"
    # A row that no partition takes breaks a rule without a name.
    found = conn.execute(DEFINITION, (diag.constraint_name, diag.schema_name, diag.table_name)).fetchone()
    return f"ADD {found[0]}" if found else ""


def refuse_repeat(conn: psycopg.Connection, table: str, columns: list[str], label: str) -> None:
    """Raises MigrationError when the table has no key in these columns: loading twice would double every row."""
    from psycopg import sql

    name = sql.Identifier(*table.split(".", 1)).as_string(conn)
    if not conn.execute(HAS_KEY, (name, columns)).fetchone()[0]:
        raise MigrationError(
            label,
            f"was changed after it was loaded, and {table} has no unique key among the columns "
            f"{', '.join(columns)}: each row would be there twice",
            "a primary key or unique constraint that tells rows apart",
            "put the new rows into a file of their own",
        )


def line_of(error: psycopg.Error) -> str:
    """The CSV's line that the context of COPY names, if it does."""
    line = re.search(r"slipway_load, \D*(\d+)", error.diag.context or "")
    return line[1] if line else ""


def csv_error(error: psycopg.Error, table: str, label: str, line: str) -> MigrationError:
    """The server's message with the CSV's line."""
    return MigrationError(
        f"{label}:{line}" if line else label,
        error.diag.message_primary or str(error),
        f"values that {table} takes",
        f"edit {label}",
    )
