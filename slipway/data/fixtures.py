"""Seed data: SQL and CSV files loaded in name order, once for each content, and never over a row that is there."""

from __future__ import annotations

import difflib
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from slipway.data import fixture_csv, history, session, sources, sqltext
from slipway.data.endpoints import Emit, Endpoints
from slipway.data.migrations import Problem
from slipway.data.progress import progress
from slipway.errors import MigrationError, SettingsError

if TYPE_CHECKING:
    import psycopg

NAME = re.compile(r"[0-9]+_(?P<rest>.+)\.(?P<kind>sql|csv)")
STEPS = 100  # progress is told this many times for a file, and not for each of its chunks


@dataclass(frozen=True)
class Fixture:
    """One file of seed data. Its content is read when it is asked for, and never held whole."""

    path: Path
    name: str
    label: str
    kind: str
    table: str

    @cached_property
    def sha256(self) -> str:
        """The hash of the content, the same for Unix and Windows line ends."""
        digest = sources.Digest()
        for _ in self.chunks(digest):
            continue
        return digest.done()

    @property
    def repeatable(self) -> bool:
        """Whether it may be loaded again when it was changed: CSV passes over rows that are there, SQL must say so."""
        head = next(self.chunks(sources.Digest()))
        return self.kind == "csv" or "repeatable" in sqltext.directives(head.decode(errors="replace"))

    def chunks(self, digest: sources.Digest) -> Iterator[bytes]:
        """Its bytes, hashed as they pass. Raises MigrationError where they cannot be read or are not UTF-8."""
        return sources.told(digest.passing(sources.chunks(self.path)), self.label, digest)


def load(ends: Endpoints, args: dict, emit: Emit) -> dict:
    """Loads every fixture whose content the database has not had; {"loaded": [{"file", "rows", "ms"}], "kept": n}.

    `args["only"]` names one file. Each file is one transaction with its row in slipway.fixtures. Raises MigrationError
    with file and line, also for a file that was changed and does not say that it can be loaded again.
    """
    found = chosen(read(ends.fixtures_dir), args.get("only"))
    with session.locked(ends, "slipway fixtures") as conn:
        session.reset(conn, ends)
        history.establish(conn, ends)
        had = history.read_fixtures(conn)
        for problem in conflicts(found, had):
            raise problem.error()
        waiting = pending(found, had)
        loaded = [load_one(conn, ends, each, each.name in had, emit) for each in waiting]
    return {"loaded": loaded, "kept": len(found) - len(waiting)}


def read(folder: Path | None) -> tuple[Fixture, ...]:
    """The fixtures of a folder in name order. Raises MigrationError for a name of the wrong form."""
    with sources.readable(f"{folder.name}/" if folder else ""):
        if folder is None or not folder.is_dir():
            return ()
        paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in (".sql", ".csv"))
    return tuple(describe(path) for path in paths)


def describe(path: Path) -> Fixture:
    label = f"{path.parent.name}/{path.name}"
    match = NAME.fullmatch(path.name)
    if not match:
        raise MigrationError(label, "not a fixture's name", "NNN_name.sql or NNN_<table>.csv", f"rename {label}")
    return Fixture(path, path.name, label, match["kind"], match["rest"])


def chosen(found: tuple[Fixture, ...], only: str | None) -> tuple[Fixture, ...]:
    """All of them, or the one that `only` names with or without directory and ending."""
    if not only:
        return found
    name = Path(only).name
    same = tuple(each for each in found if name in (each.name, Path(each.name).stem))
    if not same:
        near = difflib.get_close_matches(name, [each.name for each in found], 1, 0.3)
        raise SettingsError(
            "--only", f"no fixture {only}", near[0] if near else "the name of a file in fixtures/", "ls fixtures"
        )
    return same


def pending(found: tuple[Fixture, ...], loaded: Mapping[str, str]) -> tuple[Fixture, ...]:
    """What the database has not had. A file that it never had is not read for that."""
    return tuple(each for each in found if each.name not in loaded or loaded[each.name] != each.sha256)


def conflicts(found: tuple[Fixture, ...], loaded: Mapping[str, str]) -> tuple[Problem, ...]:
    """Files that were changed after they were loaded and do not say that they can be loaded again."""
    return tuple(
        Problem(
            each.label,
            "was changed after it was loaded, and does not say that it can be loaded again",
            "-- slipway: repeatable at its top, if a second run does no harm (ON CONFLICT …)",
            f"edit {each.label}, or put it back and write what is new into another file",
        )
        for each in found
        if each.name in loaded and not each.repeatable and loaded[each.name] != each.sha256
    )


def load_one(conn: psycopg.Connection, ends: Endpoints, each: Fixture, again: bool, emit: Emit) -> dict:
    """One fixture in one transaction with its row."""
    started = time.monotonic()
    session.reset(conn, ends)
    digest = sources.Digest()
    with session.file_transaction(conn, each.label):
        rows = (load_sql if each.kind == "sql" else load_csv)(conn, each, digest, again, emit)
        milliseconds = round((time.monotonic() - started) * 1000, 1)
        history.record_fixture(conn, ends, each.name, digest.done(), rows, milliseconds)
    return {"file": each.label, "rows": rows, "ms": milliseconds}


def load_sql(conn: psycopg.Connection, each: Fixture, digest: sources.Digest, again: bool, emit: Emit) -> int:
    """Streams the statements, COPY blocks among them; progress in bytes, because only the server knows the rows."""
    with sources.readable(each.label):
        size = each.path.stat().st_size
    rows = session.run_stream(conn, each.chunks(digest), each.label, teller(emit, each.label, size, "bytes"))
    progress(emit, each.label, size, size, "bytes")
    return rows


def load_csv(conn: psycopg.Connection, each: Fixture, digest: sources.Digest, again: bool, emit: Emit) -> int:
    """Streams the records; progress in rows."""
    with sources.readable(each.label):
        columns = fixture_csv.header(each.path, each.label)
    if again:
        fixture_csv.refuse_repeat(conn, each.table, columns, each.label)
    total = fixture_csv.count(each.chunks(sources.Digest()))
    rows = fixture_csv.load(
        conn, lambda: each.chunks(digest), each.table, columns, each.label, teller(emit, each.label, total, "rows")
    )
    progress(emit, each.label, total, total, "rows")
    return rows


def teller(emit: Emit, label: str, total: int, unit: str) -> Callable[[int], None]:
    """Tells progress when it has gone on by a step; never more than the total."""
    told = 0

    def tell(done: int) -> None:
        nonlocal told
        done = min(done, total)
        if done > told and done - told >= total / STEPS:
            told = done
            progress(emit, label, told, total, unit)

    return tell
