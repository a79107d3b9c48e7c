"""Runs the pending migrations: under the lock, one transaction per file, its history row inside it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from slipway.data import history, migrations, session
from slipway.data.commands import progress
from slipway.data.endpoints import Emit, Endpoints
from slipway.data.migrations import Applied, Migration

if TYPE_CHECKING:
    import psycopg


def migrate(ends: Endpoints, args: dict, emit: Emit) -> dict:
    """Applies every pending migration in order of its number.

    Returns {"applied": [{"version", "name", "file", "ms"}], "version": the newest applied or None}. `args["by"]` is
    who is recorded. Raises MigrationError with file, line and column; LockHeld when another runner keeps the lock.
    A failed or killed run leaves whole files only: those before the one that failed.
    """
    files, problems = migrations.read(ends.migrations_dir)
    raise_first(problems)
    with session.locked(ends, "slipway migrate") as conn:
        session.reset(conn, ends)
        history.establish(conn, ends)
        known = history.read(conn)
        refuse_conflicts(conn, files, known)
        waiting = migrations.pending(files, known)
        for file in waiting:
            session.refuse_unfit(file.sql, file.label)
        done = [apply(conn, ends, file, str(args.get("by", "")), emit, index, len(waiting))
                for index, file in enumerate(waiting, 1)]
    return {"applied": done, "version": max([*known, *(each["version"] for each in done)], default=None)}


def raise_first(problems: tuple[migrations.Problem, ...]) -> None:
    """Raises the first problem as an error; the rest are its log."""
    if problems:
        error = problems[0].error()
        error.log = tuple(str(problem) for problem in problems[1:])
        raise error


def refuse_conflicts(conn: psycopg.Connection, files: tuple[Migration, ...], known: dict[int, Applied]) -> None:
    """Raises MigrationError when files, history and golang-migrate's row do not fit together."""
    other = history.disagreement(conn, known)
    raise_first(((other,) if other else ()) + migrations.compare(files, known))


def apply(conn: psycopg.Connection, ends: Endpoints, file: Migration, by: str, emit: Emit, index: int,
          total: int) -> dict:
    """One file, its history row and its mirror row in one transaction; returns its line of the result."""
    started = time.monotonic()
    session.reset(conn, ends)
    with session.file_transaction(conn, file.label):
        session.run_file(conn, file.sql, file.label)
        milliseconds = round((time.monotonic() - started) * 1000, 1)
        history.record(conn, ends, file, by, milliseconds)
    progress(emit, file.label, index, total, "files")
    return {"version": file.version, "name": file.name, "file": file.label, "ms": milliseconds}
