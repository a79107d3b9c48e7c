"""The proof of a restored cluster: every index is in order, every row can be read, every block has its checksum."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from slipway.data.endpoints import Emit, Endpoints, Secret
from slipway.data.pitr import program
from slipway.data.postgres import connection, programs
from slipway.data.progress import progress
from slipway.errors import BackupError, VerificationError

if TYPE_CHECKING:
    import psycopg

WHERE = "the restored cluster"
RECOVERY = (
    "restore_command",
    "recovery_target",
    "recovery_target_time",
    "recovery_target_action",
    "recovery_target_timeline",
    "recovery_target_name",
    "recovery_target_xid",
    "recovery_target_lsn",
)
TABLES = """
SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm') AND c.relpersistence = 'p' AND n.nspname <> 'information_schema'
ORDER BY 1"""
# An index of a partitioned table has no blocks of its own; one that is not valid promises nothing.
INDEXES = """
SELECT c.oid, c.oid::regclass::text FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid
JOIN pg_am a ON a.oid = c.relam
WHERE a.amname = 'btree' AND c.relkind = 'i' AND c.relpersistence = 'p' AND i.indisvalid AND i.indisready
ORDER BY 2"""


def look(url: Secret, emit: Emit) -> dict:
    """Reads every database of a recovered server: {"databases": {name: {"tables", "rows", "indexes"}}, "checksums"}.

    Nothing is left in them. Raises VerificationError naming what cannot be read.
    """
    found = {}
    with connection.told(VerificationError, WHERE), connection.open_connection(url, WHERE) as conn:
        names = [
            row[0]
            for row in conn.execute(
                "SELECT datname FROM pg_database WHERE datallowconn AND datconnlimit <> -2 ORDER BY 1"
            )
        ]
        checksums = conn.execute("SHOW data_checksums").fetchone()[0] == "on"
        forget_recovery(conn)
    for name in names:
        with (
            connection.told(VerificationError, f"database {name} of {WHERE}"),
            connection.open_connection(url, WHERE, database=name) as conn,
        ):
            conn.execute("SET statement_timeout = 0")
            found[name] = {"indexes": indexes(conn, name, emit), **rows(conn, name, emit)}
    return {"databases": found, "checksums": checksums}


def forget_recovery(conn: psycopg.Connection) -> None:
    """What pgBackRest wrote for the recovery must not lead a later one."""
    from psycopg import sql

    for name in RECOVERY:
        conn.execute(sql.SQL("ALTER SYSTEM RESET {}").format(sql.Identifier(name)))


def indexes(conn: psycopg.Connection, name: str, emit: Emit) -> int:
    """Checks every B-tree with amcheck, which is gone again afterwards; 0 where the server has none."""
    if not conn.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'amcheck'").fetchone():
        return 0
    conn.execute("BEGIN")
    try:
        conn.execute("CREATE EXTENSION IF NOT EXISTS amcheck")
        schema = conn.execute(
            "SELECT extnamespace::regnamespace::text FROM pg_extension WHERE extname = 'amcheck'"
        ).fetchone()[0]
        every = conn.execute(INDEXES).fetchall()
        for number, (oid, index) in enumerate(every, 1):
            progress(emit, f"{name}: index {index}", number, len(every), "indexes")
            conn.execute(f"SELECT {schema}.bt_index_check(%s::regclass)", [oid])
    finally:
        if not conn.closed:
            conn.execute("ROLLBACK")
    return len(every)


def rows(conn: psycopg.Connection, name: str, emit: Emit) -> dict:
    """Reads every row of every table."""
    every = [row[0] for row in conn.execute(TABLES)]
    total = 0
    for number, table in enumerate(every, 1):
        progress(emit, f"{name}: table {table}", number, len(every), "tables")
        total += conn.execute(f"SELECT count(*) FROM ONLY {table}").fetchone()[0]  # noqa: S608 (quoted by the server)
    return {"tables": len(every), "rows": total}


def checksums(ends: Endpoints, path: Path) -> None:
    """Every block of a cluster that is stopped. Raises VerificationError with what pg_checksums says."""
    folder = programs.folder(ends, int((path / "PG_VERSION").read_text()), "pg_checksums")
    done = subprocess.run(
        [str(folder / "pg_checksums"), "--check", "-D", str(path)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise VerificationError(
            f"checksums of {WHERE}",
            said[-1] if said else f"exit code {done.returncode}",
            "no bad block",
            program.NEXT,
            tuple(said[-12:]),
        )


def room(path: Path, wanted: int) -> None:
    """Raises BackupError where a second cluster does not fit on the disk."""
    import shutil

    free = shutil.disk_usage(path).free
    if free < wanted * 11 // 10:
        raise BackupError(
            "disk",
            f"{free // 2**20} MB free",
            f"{wanted * 11 // 10 // 2**20} MB for the restored cluster beside the live one",
            "./invoke pitr.restore --drop-old removes clusters kept by earlier ones",
        )
