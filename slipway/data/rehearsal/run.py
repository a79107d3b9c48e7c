"""Runs the pending migrations on a copy of the live data, then their downs, and tells what they would do to it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from slipway.data.backups import folder, manifest
from slipway.data.endpoints import Emit, Endpoints
from slipway.data.migrations import files as migration_files
from slipway.data.migrations import history, migrate, rollback, session, validate
from slipway.data.migrations.files import Migration
from slipway.data.migrations.interface import Migrate, Rollback
from slipway.data.postgres import catalog, connection, copy, scratch
from slipway.data.progress import progress
from slipway.data.rehearsal import locks as rehearsal_locks
from slipway.data.rehearsal import report
from slipway.data.rehearsal.interface import Down, Rehearsal, Rehearse, Rehearsed, Servers
from slipway.data.rehearsal.report import Measured
from slipway.errors import BackupError, MigrationError, SettingsError

if TYPE_CHECKING:
    import psycopg

SOURCES = ("live", "backup")


@dataclass(frozen=True)
class Stage:
    """The copy, and a session on it that looks on."""

    ends: Endpoints
    conn: psycopg.Connection
    emit: Emit


def rehearse(ends: Endpoints, args: Rehearse, emit: Emit) -> Rehearsal:
    """Runs what is pending on a copy that is dropped afterwards; the live database is only read.

    Raises MigrationError when a file fails.
    """
    if args.source not in SOURCES:
        raise SettingsError("source of the rehearsal", args.source, " or ".join(SOURCES), "./invoke db.rehearse")
    started, (waiting, newest, major) = time.monotonic(), pending(ends)
    if not waiting:
        said = report.summary((), True, major, major)
        return Rehearsal(args.source, Servers(major, None), 0, 0, True, (), 0.0, said)
    proven = args.source == "backup" and newest_proven(ends)
    with scratch.database(ends) as beside:
        copied = copy.restore(ends, beside, proven, emit) if proven else copy.copy(ends, beside, emit)
        if proven and newest is not None:
            migrate.migrate(beside, Migrate("rehearsal", "", newest), quiet)
        prepare(beside)
        with scratch.maker(beside, scratch.database_of(beside)) as conn:
            files, there = perform(Stage(beside, conn, emit), waiting), conn.info.server_version // 10000
    ok = all(each.down.restores for each in files if each.down.tried)
    return Rehearsal(
        args.source,
        Servers(major, there),
        copied.bytes,
        copied.ms,
        ok,
        files,
        seconds=round(time.monotonic() - started, 1),
        summary=report.summary(files, ok, major, there),
    )


def describe_file(up: Measured, down: Down) -> Rehearsed:
    """What was found of a file, with its times and its effects as people read them."""
    return Rehearsed(
        **vars(up), down=down, up_ms=up.ms, down_ms=down.ms if down.tried else None, effects=report.effects(up, down)
    )


def newest_proven(ends: Endpoints) -> Path:
    """The dump of the newest backup that a drill has restored. Raises BackupError where there is none."""
    for each in folder.list_backups(ends):
        if each["proven"] and manifest.DUMP in each["files"]:
            return each["path"] / manifest.DUMP
    raise BackupError(
        str(folder.root(ends)),
        "no proven backup of the database is there",
        "one that was restored once",
        "./invoke backup, then ./invoke backups.drill; or rehearse on the live data: ./invoke db.rehearse",
    )


def pending(ends: Endpoints) -> tuple[tuple[Migration, ...], int | None, int]:
    """What the live database has not had, the newest that it has, and the major version of its server.

    Raises MigrationError where files and history do not fit together.
    """
    files, problems = migration_files.read(ends.migrations_dir)
    with (
        connection.connect(ends.migrate_url, "MIGRATE_DATABASE_URL", purpose="slipway rehearse") as conn,
        connection.told(MigrationError, f"database {conn.info.dbname}"),
    ):
        made = conn.execute("SELECT to_regclass('slipway.history') IS NOT NULL").fetchone()[0]
        known, major = history.read(conn) if made else {}, conn.info.server_version // 10000
    for problem in (*problems, *validate.compare(files, known)):
        raise problem.error()
    return migration_files.find_pending(files, known), max(known, default=None), major


def prepare(beside: Endpoints) -> None:
    """Our tables, where the live database was never migrated, and the trigger that notes locks."""
    with session.open_locked_session(beside, "slipway rehearse") as conn:
        session.reset(conn, beside)
        history.establish(conn, beside)
        conn.execute(rehearsal_locks.INSTALL)


def perform(stage: Stage, waiting: tuple[Migration, ...]) -> tuple[Rehearsed, ...]:
    """Every file up, then down in the opposite order, as far as there are down files."""
    done: list[Measured] = []
    downs: list[Down] = []
    befores: list[catalog.Snapshot] = []
    for index, file in enumerate(waiting, 1):
        befores.append(catalog.snapshot(stage.conn))
        done.append(up(stage, file, done))
        progress(stage.emit, f"rehearsed {file.label}", index, len(waiting), "files")
    reason, left = "", frozenset[str]()
    for file, before in reversed(list(zip(waiting, befores, strict=True))):
        downs.insert(0, not_tried(reason) if reason else down(stage, file, before, left))
        left |= set(map(property_of, downs[0].differences))
        if not reason and not downs[0].undone:
            reason = f"{file.label}, which comes after it, was not undone"
    return tuple(map(describe_file, done, downs))


def up(stage: Stage, file: Migration, earlier: list[Measured]) -> Measured:
    """Runs one file and tells what it did. Raises its error, with what went well before as the log."""
    before, size = rehearsal_locks.relations(stage.conn), copy.size_of(stage.conn)
    try:
        with rehearsal_locks.sampling(stage.conn, not file.transactional) as seen:
            ran = migrate.migrate(stage.ends, Migrate("rehearsal", "", file.version), quiet)
    except MigrationError as error:
        passed = tuple(f"{each.file}: went well in {each.ms} ms" for each in earlier)
        raise MigrationError(
            error.where,
            f"fails on a copy of the live data: {error.found}",
            error.expected,
            error.next,
            (*passed, *error.log),
        ) from None
    after = rehearsal_locks.relations(stage.conn)
    locks, rows = rehearsal_locks.take_notes(stage.conn)
    # Without a transaction the server has given out an unknown part of its counts before the end.
    counted = rows if file.transactional else ()
    return Measured(
        file.label,
        file.version,
        ms=sum(each.ms for each in ran.applied),
        locks=rehearsal_locks.strongest([*locks, *seen], before),
        sampled=not file.transactional,
        rewritten=rehearsal_locks.rewritten(stage.conn, before, after),
        changed=rehearsal_locks.changed(counted, before | after),
        indexes=rehearsal_locks.built(before, after),
        size_change=copy.size_of(stage.conn) - size,
    )


def down(stage: Stage, file: Migration, before: catalog.Snapshot, left: frozenset[str]) -> Down:
    """Undoes one file and compares the catalog with what it was before, but for what the downs of later files have left.

    An error of the file is told, not raised.
    """
    if file.down is None:
        return not_tried("it has no down file")
    try:
        ran = rollback.rollback(stage.ends, Rollback("rehearsal"), quiet)
    except MigrationError as error:
        return Down(True, False, (), str(error), 0, undone=False)
    differences = [
        each for each in catalog.difference(before, catalog.snapshot(stage.conn)) if property_of(each) not in left
    ]
    reason = "the schema afterwards is not what it was before" if differences else ""
    return Down(True, not differences, tuple(differences), reason, sum(each.ms for each in ran.rolled_back))


def property_of(difference: str) -> str:
    """What it is about, without its values: a column that a later file left elsewhere moves once more on the way."""
    return difference.partition(" is ")[0]


def not_tried(reason: str) -> Down:
    return Down(False, False, (), reason, 0, undone=False)


def quiet(event: dict) -> None:
    """Progress of the copy's runner is not told: its files count from the start each time."""
