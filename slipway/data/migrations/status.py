"""`status` of the migrations: every version with its state, and what does not fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slipway.data.endpoints import Emit, Endpoints
from slipway.data.migrations import files as migration_files
from slipway.data.migrations import history, validate
from slipway.data.migrations.files import Applied, Migration
from slipway.data.migrations.interface import Mirror, Row, Status, Unfinished
from slipway.data.postgres import connection
from slipway.data.verb import Nothing
from slipway.errors import MigrationError

if TYPE_CHECKING:
    import psycopg


def status(ends: Endpoints, args: Nothing, emit: Emit) -> Status:
    """Every version with its state. Changes nothing and takes no lock.

    Raises GateError when the database cannot be reached.
    """
    files, wrong = migration_files.read(ends.migrations_dir)
    with (
        connection.connect(ends.migrate_url, "MIGRATE_DATABASE_URL", purpose="slipway status") as conn,
        connection.told(MigrationError, "slipway.history"),
    ):
        known, row, stopped, other = read_history(conn)
    found = (*wrong, *((other,) if other else ()), *validate.compare(files, known))
    by_version = {each.version: each for each in files}
    newest = max(known, default=history.NIL)
    rows = tuple(
        row_of(by_version.get(version), known.get(version), newest, stopped)
        for version in sorted(by_version.keys() | known.keys())
    )
    return Status(
        max(known, default=None),
        rows,
        tuple(str(each) for each in found),
        Mirror(None if row.version == history.NIL else row.version, row.dirty),
        Unfinished(stopped.version, stopped.way, stopped.done, stopped.doing) if stopped else None,
    )


def read_history(
    conn: psycopg.Connection,
) -> tuple[dict[int, Applied], history.Mirror, history.Unfinished | None, migration_files.Problem | None]:
    """What the database remembers; tables that are missing remember nothing."""
    ours, mirrored = conn.execute(
        "SELECT to_regclass('slipway.history') IS NOT NULL, to_regclass('public.schema_migrations') IS NOT NULL"
    ).fetchone()
    known = history.read(conn) if ours else {}
    return (
        known,
        history.mirror(conn) if mirrored else history.Mirror(),
        history.find_unfinished(conn),
        history.disagreement(conn, known) if mirrored else None,
    )


def row_of(file: Migration | None, row: Applied | None, newest: int, stopped: history.Unfinished | None) -> Row:
    """One version: its state, what its files lack, its history."""
    one = row or file
    return Row(
        one.version,
        one.name,
        file.label if file else None,
        state_of(file, row, newest, stopped),
        reversible=bool(file and file.down),
        note="; ".join(filter(None, remarks(file, row))) if file else "",
        compatible=row.compatible if row else "compatible" in file.directives,
        applied_at=row.applied_at if row else None,
        by=row.by if row else None,
        ms=row.ms if row else None,
        release=row.release if row else None,
    )


def remarks(file: Migration, row: Applied | None) -> tuple[str, str]:
    return describe_lacking(file), validate.down_edited(file, row) if row else ""


def describe_lacking(file: Migration) -> str:
    """What a person should know of the names of a version's files."""
    if file.up is None:
        return "a down file alone: going up runs nothing"
    if not migration_files.PAIRED.fullmatch(file.up.label.rpartition("/")[2]):
        return f"golang-migrate passes over this name; it takes {file.up.path.stem}.up.sql"
    return "" if file.down else "no down file: it cannot be rolled back"


def state_of(file: Migration | None, row: Applied | None, newest: int, stopped: history.Unfinished | None) -> str:
    """unfinished, pending, out_of_order, missing (its file), edited, baseline or applied."""
    if stopped and stopped.version == (row or file).version:
        return "unfinished"
    if row is None:
        return "pending" if file.version > newest else "out_of_order"
    if file is None:
        return "missing"
    if file.sha256 != row.sha256:
        return "edited"
    return "baseline" if row.baseline else "applied"
