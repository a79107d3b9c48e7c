"""What a migration does to the tables of a throwaway database: its locks, the rows that it changes and rewrites.

Locks are held to the end of a transaction, so a deferred trigger on the history row, which fires as the last thing
before the commit, sees every one of them (PostgreSQL manual, "Explicit Locking" and CREATE TRIGGER).
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from slipway.data.migrations.foresight import Lock
from slipway.data.rehearsal.interface import Built, Changed, Rewritten

if TYPE_CHECKING:
    import psycopg

INSTALL = """
CREATE TABLE slipway.rehearsal_locks (relation oid, mode text);
CREATE TABLE slipway.rehearsal_rows (relation oid, inserted bigint, updated bigint, deleted bigint);
CREATE FUNCTION slipway.note_rehearsal() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$ BEGIN
    INSERT INTO slipway.rehearsal_locks SELECT relation, mode FROM pg_locks WHERE pid = pg_backend_pid() AND granted
        AND locktype = 'relation' AND database = (SELECT oid FROM pg_database WHERE datname = current_database());
    INSERT INTO slipway.rehearsal_rows SELECT relid, n_tup_ins, n_tup_upd, n_tup_del FROM pg_stat_xact_user_tables
        WHERE n_tup_ins + n_tup_upd + n_tup_del > 0;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER note_rehearsal AFTER INSERT OR UPDATE OR DELETE ON slipway.history
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slipway.note_rehearsal();
ALTER TABLE slipway.history ENABLE ALWAYS TRIGGER note_rehearsal;
"""
# From the weakest to the strongest, with what waits for each: PostgreSQL manual, "Conflicting Lock Modes".
MODES = {
    "AccessShareLock": "nothing but ACCESS EXCLUSIVE",
    "RowShareLock": "EXCLUSIVE locks",
    "RowExclusiveLock": "index builds and schema changes",
    "ShareUpdateExclusiveLock": "VACUUM and schema changes",
    "ShareLock": "writes",
    "ShareRowExclusiveLock": "writes",
    "ExclusiveLock": "writes",
    "AccessExclusiveLock": "reads and writes",
}
STRENGTH = {mode: index for index, mode in enumerate(MODES)}
RELATIONS = """
SELECT c.oid, c.oid::regclass::text, c.relkind::text, pg_relation_filenode(c.oid), pg_total_relation_size(c.oid)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'm', 'f', 'v', 'i') AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema',
    'slipway')
AND c.oid IS DISTINCT FROM to_regclass('public.schema_migrations')
"""
SAMPLE = """
SELECT l.relation, l.mode FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid WHERE l.locktype = 'relation'
    AND l.granted
AND a.datname = current_database() AND a.pid <> pg_backend_pid() AND a.application_name LIKE 'slipway%'
"""


@dataclass(frozen=True)
class Relation:
    """A table, view or index at one moment; `file` changes when it is written anew."""

    name: str
    kind: str
    file: int | None
    size: int


Relations = dict[int, Relation]


def relations(conn: psycopg.Connection) -> Relations:
    """What is there now, by object number, with names that hold their schema."""
    with conn.transaction():
        conn.execute("SET LOCAL search_path = ''")
        return {oid: Relation(*facts) for oid, *facts in conn.execute(RELATIONS).fetchall()}


def take_notes(conn: psycopg.Connection) -> tuple[list[tuple], list[tuple]]:
    """The locks and the changed rows that the trigger wrote down since the last time."""
    with conn.transaction():
        locks = conn.execute("DELETE FROM slipway.rehearsal_locks RETURNING relation, mode").fetchall()
        rows = conn.execute(
            "DELETE FROM slipway.rehearsal_rows RETURNING relation, inserted, updated, deleted"
        ).fetchall()
    return locks, rows


def strongest(locks: Iterable[tuple[int, str]], before: Relations) -> tuple[Lock, ...]:
    """The strongest lock on each table that others could have wanted, the strongest first; new tables are nobody's."""
    worst: dict[int, str] = {}
    for oid, mode in locks:
        if oid in before and before[oid].kind != "i" and STRENGTH.get(mode, -1) >= STRENGTH.get(worst.get(oid, ""), -1):
            worst[oid] = mode
    ordered = sorted(worst.items(), key=lambda each: (-STRENGTH[each[1]], before[each[0]].name))
    return tuple(Lock(before[oid].name, spelt(mode), MODES[mode]) for oid, mode in ordered)


def spelt(mode: str) -> str:
    """The mode as SQL names it: AccessExclusiveLock is ACCESS EXCLUSIVE."""
    return " ".join(re.findall(r"[A-Z][a-z]+", mode.removesuffix("Lock"))).upper()


def rewritten(conn: psycopg.Connection, before: Relations, after: Relations) -> tuple[Rewritten, ...]:
    """Tables that were written anew, with their rows now."""
    from psycopg import sql

    names = [
        after[oid].name
        for oid, old in before.items()
        if oid in after and after[oid].kind in ("r", "m") and after[oid].file != old.file
    ]
    # The name comes from regclass, which quotes it.
    return tuple(
        Rewritten(name, conn.execute(sql.SQL("SELECT count(*) FROM ") + sql.SQL(name)).fetchone()[0])
        for name in sorted(names)
    )


def built(before: Relations, after: Relations) -> tuple[Built, ...]:
    """Indexes that were built or built anew, with their size in bytes."""
    return tuple(
        Built(now.name, now.size)
        for oid, now in sorted(after.items(), key=lambda each: each[1].name)
        if now.kind == "i" and (oid not in before or before[oid].file != now.file)
    )


def changed(rows: Iterable[tuple[int, int, int, int]], names: Relations) -> tuple[Changed, ...]:
    """Rows inserted, updated and deleted in each table of the schema."""
    found = (Changed(names[oid].name, *counts) for oid, *counts in rows if oid in names)
    return tuple(sorted(found, key=lambda each: each.table))


@contextmanager
def sampling(conn: psycopg.Connection, wanted: bool, interval_s: float = 0.005) -> Iterator[set[tuple[int, str]]]:
    """Collects the migrating session's locks while the block runs: for files without a transaction to look at the end
    of. `conn` belongs to the block meanwhile."""
    seen: set[tuple[int, str]] = set()
    done = threading.Event()

    def look() -> None:
        while not done.wait(interval_s):
            seen.update(conn.execute(SAMPLE).fetchall())

    watcher = threading.Thread(target=look, daemon=True)
    if wanted:
        watcher.start()
    try:
        yield seen
    finally:
        done.set()
        if wanted:
            watcher.join()
