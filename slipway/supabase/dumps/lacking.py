"""What dumps count on and do not bring: the platform's tables whose rows they have, and what definitions name of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from slipway.supabase import platform
from slipway.supabase.dumps.texts import PUBLICATION, ROWS_ALONE, WEBHOOK, Table, Text

if TYPE_CHECKING:
    import psycopg

FOLDER = Path(__file__).parent
# By a table that each such schema has: the files that make all of it.
SCHEMAS = {
    ("auth", "users"): ("platform/auth.sql", "platform/auth_providers.sql"),
    ("storage", "objects"): ("platform/storage.sql",),
}
STUBS = {
    WEBHOOK: (FOLDER / "stubs.sql").read_text(encoding="utf-8"),
    PUBLICATION: f"CREATE PUBLICATION {platform.PUBLICATION}",
}
# Of the platform's other tables what the inventory asks for by its type; the rest is text.
TYPES = {("cron", "jobid"): "bigint", ("cron", "active"): "boolean"}
COLUMNS = """
SELECT a.attname FROM pg_attribute a
WHERE a.attrelid = to_regclass(format('%%I.%%I', %s::text, %s::text)) AND a.attnum > 0 AND NOT a.attisdropped
"""
UNUSED = """
SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE p.prorettype = 'trigger'::regtype AND n.nspname !~ '^pg_' AND n.nspname <> ALL (%s)
AND NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgfoid = p.oid)
AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid AND e.deptype = 'e')
ORDER BY 1
"""
LOST = (
    "not in dumps of the Supabase CLI: triggers and policies of the team's on auth and storage, event triggers, scheduled "
    "jobs, vault secrets, recorded migrations, large objects, passwords of roles, settings of the database",
    "roles, definitions and rows are of three moments; lines that begin with -- may be gone from functions and texts",
)


def make(conn: psycopg.Connection, texts: Iterable[Text], archived: Collection[Table]) -> list[str]:
    """Makes the tables that rows are there for, and nobody makes; what there is to say of them."""
    texts = list(texts)
    made = {table for text in texts for table in text.tables} | set(archived)
    notes = []
    for table, files in SCHEMAS.items():
        if table not in made:
            notes.append(f"schema {table[0]} is not in the dumps: its tables are made as they are in mid 2026")
            for name in files:
                conn.execute((FOLDER / name).read_text(encoding="utf-8"))
    for name in sorted({name for text in texts for name in text.names}):
        conn.execute(STUBS[name])
    for text in texts:
        for table, columns in text.rows.items():
            if table not in made and table[0] in platform.SCHEMAS:
                notes += make_table(conn, table, columns)
        for sequence in text.sequences:
            if sequence not in made and sequence[0] in platform.SCHEMAS:
                make_sequence(conn, sequence)
    return notes


def make_table(conn: psycopg.Connection, table: Table, columns: Iterable[str]) -> list[str]:
    """The table with those columns, or the columns that it lacks."""
    from psycopg import sql

    there = {name for (name,) in conn.execute(COLUMNS, table)}
    if not there:
        conn.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(table[0])))
        conn.execute(sql.SQL("CREATE TABLE {} ()").format(sql.Identifier(*table)))
    new = [name for name in columns if name not in there]
    for name in new:
        kind = sql.SQL(TYPES.get((table[0], name), "text"))
        conn.execute(sql.SQL("ALTER TABLE {} ADD {} {}").format(sql.Identifier(*table), sql.Identifier(name), kind))
    if not there:
        return [f"table {'.'.join(table)} is not in the dumps, and its rows are: its columns are text here"]
    return [f"column {'.'.join((*table, name))} is not known here: it is text" for name in new]


def make_sequence(conn: psycopg.Connection, sequence: Table) -> None:
    from psycopg import sql

    conn.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(sequence[0])))
    conn.execute(sql.SQL("CREATE SEQUENCE IF NOT EXISTS {}").format(sql.Identifier(*sequence)))


def lost(conn: psycopg.Connection, texts: Iterable[Text]) -> list[str]:
    """What dumps of the CLI never have, and functions for a trigger that have none: it may have been one of those."""
    if not any(text.rank == ROWS_ALONE for text in texts):
        return []
    conn.execute("SET search_path = ''")  # for names with their schema
    return [
        *LOST,
        *(
            f"function {name} returns a trigger and none calls it: one on auth or storage may have done"
            for (name,) in conn.execute(UNUSED, [sorted(platform.SCHEMAS)])
        ),
    ]
