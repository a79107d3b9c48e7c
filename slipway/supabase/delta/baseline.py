"""What the copy was when it was last as the project: counts and hashes, kept in the copy itself.

It stands in the schema of our own tables, so it is renamed, backed up and restored together with what it tells of.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from slipway.data.backups import snapshot
from slipway.data.backups.snapshot import Snapshot
from slipway.data.migrations.imports import guard
from slipway.data.postgres import catalog
from slipway.errors import VerificationError
from slipway.supabase.delta import large

if TYPE_CHECKING:
    import psycopg

TABLE = guard.COPY
MAKE = f"""
CREATE SCHEMA IF NOT EXISTS slipway;
CREATE TABLE IF NOT EXISTS {TABLE} (
    one boolean PRIMARY KEY DEFAULT true CHECK (one), begun text NOT NULL, tables jsonb NOT NULL, schema jsonb NOT NULL)
"""
PUT = f"""
INSERT INTO {TABLE} (begun, tables, schema) VALUES (%s, %s, %s)
ON CONFLICT (one) DO UPDATE SET begun = excluded.begun, tables = excluded.tables, schema = excluded.schema
"""  # noqa: S608

Marks = Mapping[str, dict]  # {"rows", "hash"} by the table's name


@dataclass(frozen=True)
class Baseline:
    """The moment that the copy is of, the marks of its tables then, and the project's schema."""

    begun: str
    tables: Marks
    schema: catalog.Snapshot


def make(conn: psycopg.Connection, kept: Baseline) -> None:
    """Writes the first one, as the role that owns the copy: `kept` tells of its tables alone."""
    conn.execute(MAKE)
    write(conn, Baseline(kept.begun, {**kept.tables, large.NAME: large.mark(conn)}, kept.schema))


def write(conn: psycopg.Connection, kept: Baseline) -> None:
    conn.execute(PUT, (kept.begun, json.dumps(kept.tables), json.dumps(kept.schema)))


def read(conn: psycopg.Connection) -> Baseline:
    """Raises VerificationError where this database is no copy that was made here."""
    there = conn.execute("SELECT to_regclass(%s) IS NOT NULL", (TABLE,)).fetchone()[0]
    row = conn.execute(f"SELECT begun, tables, schema FROM {TABLE}").fetchone() if there else None  # noqa: S608
    if row is None:
        raise VerificationError(
            f"database {conn.info.dbname}",
            "nothing tells what was copied into it",
            "a copy of the project that supabase.copy has made",
            "./invoke supabase.copy; --into NAME here says which database",
        )
    return Baseline(*row)


def marks(conn: psycopg.Connection, tables: list[str]) -> dict[str, dict]:
    """Rows and hash of these tables and of the large objects, as the session sees them; it is inside a transaction."""
    found = snapshot.count_tables(Snapshot(conn, "", [(name, 0, 0) for name in tables], frozenset()), True)
    return found | {large.NAME: large.mark(conn)}
