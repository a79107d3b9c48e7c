"""`adopt`: takes over a database whose migrations another tool, or a person, has run."""

from __future__ import annotations

from slipway.data.endpoints import Emit, Endpoints
from slipway.data.migrations import history, session, state, transaction, validate
from slipway.data.migrations.files import Migration
from slipway.data.migrations.interface import Adopt, Adopted
from slipway.data.migrations.state import Situation
from slipway.data.migrations.transaction import Mark
from slipway.errors import MigrationError


def adopt(ends: Endpoints, args: Adopt, emit: Emit) -> Adopted:
    """Makes history and golang-migrate's row say that the database is at a version; nothing else is changed.

    Without a version it is the one of golang-migrate's row; -1 is "nothing is applied". Versions up to it that the
    history lacks become its baseline; those above it, which golang-migrate has rolled back, are forgotten. Raises MigrationError when that version has
    no file, when golang-migrate's row is dirty, and when row, history and version contradict each other.
    """
    mark = Mark(args.by)
    state.check_number("version", args.version, history.NIL)
    with state.open_state(ends, "slipway adopt", emit) as (conn, seen):
        version = target(seen, args.version)
        refuse(seen, version)
        fill = new_baseline(seen, version)
        forget = tuple(sorted(each for each in seen.known if each > version))
        with session.file_transaction(conn, "adopt"):
            rows = "".join(
                history.up_rows(transaction.record_of(each, mark, each.sha256, baseline=True)) for each in fill
            )
            conn.execute(
                history.own_statements(ends)
                + rows
                + "".join(map(history.down_rows, forget))
                + history.mirror_rows(version)
            )
    return Adopted(None if version == history.NIL else version, tuple(each.version for each in fill), forget)


def target(seen: Situation, wanted: int | None) -> int:
    """The version to adopt. Raises MigrationError when it is not known, or golang-migrate says another."""
    if seen.row.dirty:
        raise MigrationError(
            "public.schema_migrations",
            f"version {seen.row.version} is dirty: a file stopped in its middle",
            "a database in a known state",
            "./invoke db.migrate" if seen.stopped else history.CLEAN_UP,
        )
    row = seen.row.version
    if wanted is None and row == history.NIL:
        raise MigrationError(
            "public.schema_migrations",
            "has no row, so it does not say where the database is",
            "the version that the database is at; -1 when none of the files was run",
            "./invoke db.adopt --version N",
        )
    if wanted is None or row in (wanted, history.NIL):
        return row if wanted is None else wanted
    raise MigrationError(
        "adopt",
        f"version {wanted} was asked for, golang-migrate's row says {row}",
        "the version that the database is at",
        f"./invoke db.adopt, which takes {row}; or ./invoke db.goto {wanted} afterwards",
    )


def refuse(seen: Situation, version: int) -> None:
    """Raises MigrationError for a version without a file, and for a history that says something else."""
    if version != history.NIL:
        seen.file(version)
    newest = seen.newest
    if seen.row.version == history.NIL and newest is not None and version not in (newest, history.NIL):
        raise MigrationError(
            "adopt",
            f"slipway.history ends at {newest}, and {version} was asked for",
            f"{newest}, or -1 when nothing is applied any more",
            f"./invoke db.adopt --version {newest}",
        )
    kept = {each: row for each, row in seen.known.items() if each <= version}
    if kept:
        state.raise_first(validate.compare(seen.files, kept))


def new_baseline(seen: Situation, version: int) -> list[Migration]:
    """The files after the history's end and up to the version."""
    newest = history.NIL if seen.newest is None else seen.newest
    return [each for each in seen.files if newest < each.version <= version]
