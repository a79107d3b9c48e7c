"""Seed data: SQL and CSV files loaded in name order, once for each content, and never over a row that is there."""

from __future__ import annotations

import csv
import hashlib
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from slipway.data import history, session
from slipway.data.commands import progress
from slipway.data.endpoints import Emit, Endpoints
from slipway.errors import MigrationError

if TYPE_CHECKING:
    import psycopg

NAME = re.compile(r"[0-9]+_(?P<rest>.+)\.(?P<kind>sql|csv)")
CHUNK = 256 * 1024
BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Fixture:
    """One file of seed data. `records` counts the CSV's records without its header; 0 for SQL."""
    path: Path
    name: str
    label: str
    kind: str
    table: str
    sha256: str
    records: int = 0


def load(ends: Endpoints, args: dict, emit: Emit) -> dict:
    """Loads every fixture whose content the database has not had; {"loaded": [{"file", "rows", "ms"}], "kept": n}.

    Each file is one transaction with its row in slipway.fixtures. Raises MigrationError with file and line.
    """
    found = read(ends.fixtures_dir)
    with session.locked(ends, "slipway fixtures") as conn:
        session.reset(conn, ends)
        history.establish(conn, ends)
        waiting = pending(found, history.read_fixtures(conn))
        for each in waiting:
            if each.kind == "sql":
                session.refuse_unfit(text_of(each), each.label)
        loaded = [load_one(conn, ends, each, emit) for each in waiting]
    return {"loaded": loaded, "kept": len(found) - len(waiting)}


def read(folder: Path | None) -> tuple[Fixture, ...]:
    """The fixtures of a folder in name order. Raises MigrationError for a name of the wrong form."""
    if folder is None or not folder.is_dir():
        return ()
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in (".sql", ".csv"))
    return tuple(describe(path) for path in paths)


def describe(path: Path) -> Fixture:
    """The file with its hash and record count, read once and never whole."""
    label = f"{path.parent.name}/{path.name}"
    match = NAME.fullmatch(path.name)
    if not match:
        raise MigrationError(label, "not a fixture's name", "NNN_name.sql or NNN_<table>.csv", f"rename {label}")
    digest, count = hashlib.sha256(), RecordCount()
    try:
        for chunk in chunks(path):
            digest.update(chunk)
            count.add(chunk)
    except OSError as error:
        raise MigrationError(label, f"cannot be read: {error.strerror}", "a readable file", f"ls -l {label}") from None
    records = max(count.done() - 1, 0) if match["kind"] == "csv" else 0
    return Fixture(path, path.name, label, match["kind"], match["rest"], digest.hexdigest(), records)


class RecordCount:
    """Counts CSV records as bytes stream past: line ends outside quotes."""

    def __init__(self) -> None:
        self.records, self.quoted, self.last = 0, False, b""

    def add(self, chunk: bytes) -> None:
        parts = chunk.split(b'"')
        self.records += sum(part.count(b"\n") for part in parts[int(self.quoted)::2])
        self.quoted ^= len(parts) % 2 == 0
        self.last = chunk[-1:]

    def done(self) -> int:
        return self.records + (self.last not in (b"", b"\n"))


def chunks(path: Path) -> Iterator[bytes]:
    """The file's bytes in pieces, without the mark that some editors put before UTF-8."""
    with path.open("rb") as file:
        first = file.read(CHUNK)
        yield first.removeprefix(BOM)
        while chunk := file.read(CHUNK):
            yield chunk


def pending(found: tuple[Fixture, ...], loaded: dict[str, str]) -> tuple[Fixture, ...]:
    return tuple(each for each in found if loaded.get(each.name) != each.sha256)


def load_one(conn: psycopg.Connection, ends: Endpoints, each: Fixture, emit: Emit) -> dict:
    """One fixture in one transaction with its row."""
    started = time.monotonic()
    session.reset(conn, ends)
    with session.file_transaction(conn, each.label):
        if each.kind == "sql":
            rows = session.run_file(conn, text_of(each), each.label)
        else:
            rows = copy_csv(conn, each, lambda done: progress(emit, each.label, done, each.records, "rows"))
        milliseconds = round((time.monotonic() - started) * 1000, 1)
        history.record_fixture(conn, ends, each.name, each.sha256, rows, milliseconds)
    progress(emit, each.label, each.records or rows, each.records or rows, "rows")
    return {"file": each.label, "rows": rows, "ms": milliseconds}


def text_of(each: Fixture) -> str:
    try:
        return each.path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MigrationError(each.label, f"byte {error.start} is not UTF-8", "SQL in UTF-8",
                             f"save {each.label} as UTF-8") from None


def copy_csv(conn: psycopg.Connection, each: Fixture, tell: Callable[[int], None]) -> int:
    """Streams the CSV into a temporary table and inserts from there what is not yet in the table; returns new rows.

    COPY itself cannot pass over rows that exist.
    """
    from psycopg import DataError, sql
    table = sql.Identifier(*each.table.split(".", 1))
    columns = sql.SQL(", ").join(map(sql.Identifier, header(each)))
    conn.execute(sql.SQL("CREATE TEMPORARY TABLE slipway_load ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA").format(
        columns, table))
    count = RecordCount()
    command = sql.SQL("COPY pg_temp.slipway_load ({}) FROM STDIN (FORMAT csv, HEADER true)").format(columns)
    try:
        with conn.cursor().copy(command) as copy:
            for chunk in chunks(each.path):
                copy.write(chunk)
                count.add(chunk)
                tell(min(count.records, each.records))
    except DataError as error:
        raise csv_error(error, each) from None
    return conn.execute(sql.SQL("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM pg_temp.slipway_load "
                                "ON CONFLICT DO NOTHING").format(table, columns, columns)).rowcount


def header(each: Fixture) -> list[str]:
    """The column names of the CSV's first record."""
    with each.path.open(encoding="utf-8-sig", newline="") as file:
        try:
            names = next(csv.reader(file), [])
        except UnicodeDecodeError:
            names = []
    if not names or not all(names):
        raise MigrationError(f"{each.label}:1", "no header", "a first line with the column names in UTF-8",
                             f"edit {each.label}")
    return names


def csv_error(error: psycopg.Error, each: Fixture) -> MigrationError:
    """The server's message with the CSV's line, which its context names."""
    line = re.search(r"slipway_load, \D*(\d+)", error.diag.context or "")
    where = f"{each.label}:{line[1]}" if line else each.label
    return MigrationError(where, error.diag.message_primary or str(error), f"values that {each.table} takes",
                          f"edit {each.label}")
