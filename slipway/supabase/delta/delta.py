"""`supabase.delta`: what changed in the project since its copy, in the copy: all of it in one transaction, or nothing."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from slipway.data.backups import fingerprint, snapshot, take
from slipway.data.backups.snapshot import LOCKED, Snapshot, parts
from slipway.data.endpoints import Emit, Endpoints
from slipway.data.postgres import connection, scratch
from slipway.data.progress import progress
from slipway.data.restore import proof
from slipway.data.restore.interface import Check
from slipway.errors import BackupError, LockHeld, SettingsError, VerificationError
from slipway.supabase import source
from slipway.supabase.copying import reading
from slipway.supabase.delta import baseline, indexed, large, references, rows, schema, sequences, tables
from slipway.supabase.delta.baseline import Baseline, Marks
from slipway.supabase.delta.merge import CHANGED, DELETED, INSERTED
from slipway.supabase.interface import Brought, Delta, TableChange

if TYPE_CHECKING:
    import psycopg

PATIENCE = "10s"  # for whoever writes into the copy at this moment
AGAIN = "./invoke supabase.delta"
VIEWS = """
SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'm' AND c.relispopulated AND n.nspname !~ '^pg_' AND n.nspname <> 'slipway' ORDER BY c.oid
"""
OWNER = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()"


def delta(ends: Endpoints, args: Delta, emit: Emit) -> Brought:
    """Compares every table of one moment of the project with the copy, and brings what differs.

    Raises VerificationError for a schema that changed, for rows that changed here, and for a result that is not as the
    project is: then nothing was changed. The project is only read.
    """
    source.refuse_pooled(ends.supabase.db_url)
    source.open_source(ends.supabase.db_url).close()  # for its words, where nobody is let in
    begun, started = take.now(), time.monotonic()
    with scratch.maker(ends, args.into or scratch.database_of(ends)) as target:
        fingerprint.settle(target)
        known = baseline.read(target)
        with snapshot.open_snapshot(reading.way_to(ends)) as taken, connection.told(BackupError, "the delta"):
            names = [name for name, _, _ in taken.tables]
            schema.refuse_changed(known.schema, schema.look(taken.conn))
            schema.refuse_unfit(taken.conn, target, names)
            with transaction(target, names, args.dry_run):
                brought = bring(taken, target, known, args, begun, emit)
    return replace(brought, seconds=round(time.monotonic() - started, 3))


@contextmanager
def transaction(target: psycopg.Connection, names: list[str], dry_run: bool) -> Iterator[None]:
    """Nobody else writes into these tables, and no trigger of theirs fires, until the block ends.

    Raises LockHeld where somebody writes and does not end, SettingsError where this role may not silence triggers.
    """
    from psycopg import errors

    target.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" if dry_run else "BEGIN")
    try:
        if not dry_run:
            silence(target)
            target.execute(f"SET LOCAL lock_timeout = '{PATIENCE}'")
            for some in parts([f"ONLY {name}" for name in names], LOCKED):
                target.execute(f"LOCK TABLE {', '.join(some)} IN SHARE ROW EXCLUSIVE MODE")
        yield
        target.execute("COMMIT")
    except errors.LockNotAvailable:
        raise LockHeld(
            f"database {target.info.dbname}",
            f"somebody has been writing into it for {PATIENCE}",
            "nobody else who writes into the copy",
            f"./invoke maintenance --state on; {AGAIN}",
        ) from None
    finally:
        if not target.closed:
            target.execute("ROLLBACK")  # nothing, after a COMMIT


def silence(target: psycopg.Connection) -> None:
    from psycopg import errors

    try:
        target.execute("SET LOCAL session_replication_role = replica")
    except errors.InsufficientPrivilege:
        user = target.info.user
        raise SettingsError(
            f"role {user}",
            "may not keep triggers silent, which would do their work twice",
            "a role that may set session_replication_role",
            f'as an administrator of the server: GRANT SET ON PARAMETER session_replication_role TO "{user}"',
        ) from None


def bring(taken: Snapshot, target: psycopg.Connection, known: Baseline, args: Delta, begun: str, emit: Emit) -> Brought:
    """Compares, brings what differs and proves it; on a dry run it only counts."""
    names = [name for name, _, _ in taken.tables]
    progress(emit, "comparing both sides", 0, 0, "")
    theirs, ours = baseline.marks(taken.conn, names), baseline.marks(target, names)
    apart = [name for name in theirs if theirs[name] != ours[name]]
    changed_here = [name for name in apart if ours[name] != known.tables.get(name)]
    if not args.overwrite:
        refuse_local(changed_here)
    with indexed.watch(target, apart, args.dry_run) as orphans:
        changes = [change_of(taken.conn, target, name, args.dry_run, emit) for name in apart]
    moved = sequences.differing(taken.conn, target)
    checks: list[Check] = []
    if not args.dry_run:
        checks = finish(target, theirs, apart, moved, emit)
        baseline.write(target, Baseline(begun, theirs, known.schema))
    return Brought(
        target.info.dbname,
        known.begun,
        begun,
        tuple(changes),
        len(moved),
        tuple(checks),
        orphans.count,
        tuple(orphans.names),
        tuple(changed_here),
        args.dry_run,
        seconds=0,
    )


def refuse_local(changed: list[str]) -> None:
    """Raises VerificationError, naming them, for tables whose rows were changed here since the copy."""
    if changed:
        raise VerificationError(
            "the copy",
            f"rows changed here since the copy: {', '.join(changed[: schema.NAMED])}",
            "a copy that nobody has written into; nothing was changed",
            f"{AGAIN} --overwrite, which makes these tables as the project's",
        )


def change_of(
    source: psycopg.Connection, target: psycopg.Connection, name: str, dry_run: bool, emit: Emit
) -> TableChange:
    progress(emit, f"comparing rows of {name}", 0, 0, "")
    whole = False
    if name == large.NAME:
        done: Counter[str] = large.bring(source, target, target.execute(OWNER).fetchone()[0], dry_run)
    else:
        table = tables.describe(source, name)
        whole = not table.key
        done = rows.count(source, target, table) if dry_run else rows.bring(source, target, table, emit)
    return TableChange(name, done[INSERTED], done[CHANGED], done[DELETED], whole)


def finish(
    target: psycopg.Connection, theirs: Marks, apart: list[str], moved: dict[str, sequences.Place], emit: Emit
) -> list[Check]:
    """Sequences and views as the rows are now, then the proof. Raises VerificationError where something is otherwise."""
    sequences.bring(target, moved)
    progress(emit, "comparing the copy with the project", 0, 0, "")
    names = [name for name in theirs if name != large.NAME]
    found = baseline.marks(target, names)
    differ = [f"{name} has another content" for name in theirs if found[name] != theirs[name]]
    total = sum(facts["rows"] for facts in found.values())
    checks = [
        proof.wrong("content", differ, f"{total:,} rows in {len(names)} tables have the same hashes"),
        references.check(target, [name for name in apart if name != large.NAME]),
        proof.wrong("sequences", [], f"{len(moved)} set to where they are in the project"),
    ]
    if failed := proof.failures(checks):
        raise VerificationError(
            "the delta",
            failed[0],
            "the project as it was at that moment; nothing was changed",
            "./invoke supabase.copy",
            tuple(failed[1:]),
        )
    if apart:
        for (view,) in target.execute(VIEWS).fetchall():
            target.execute(f"REFRESH MATERIALIZED VIEW {view}")
    return checks
