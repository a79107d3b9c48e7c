# ruff: noqa: S608 (the parts are constants of this package)
"""Secrets and the project's address in the rows themselves: one pass over every table that has text."""

from __future__ import annotations

from collections.abc import Iterator

from slipway.data.endpoints import Emit
from slipway.data.progress import progress
from slipway.supabase import references
from slipway.supabase.interface import CHANGES, Finding
from slipway.supabase.inventory.project import TEAM, Project, counted

COLUMNS = f"""
SELECT c.oid::regclass::text, array_agg(quote_ident(a.attname) ORDER BY a.attnum), array_agg(a.attname::text ORDER BY a.attnum)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
JOIN pg_type t ON t.oid = a.atttypid
WHERE c.relkind = 'r' AND {TEAM} AND a.attnum > 0 AND NOT a.attisdropped AND has_table_privilege(c.oid, 'SELECT')
AND (t.typcategory = 'S' OR t.typname IN ('json', 'jsonb') OR (t.typcategory = 'A' AND
    (SELECT e.typcategory FROM pg_type e WHERE e.oid = t.typelem) = 'S'))
GROUP BY c.oid ORDER BY 1
"""


def find(project: Project, emit: Emit) -> Iterator[Finding]:
    tables = project.rows(COLUMNS)
    for done, (table, columns, names) in enumerate(tables):
        progress(emit, "secrets and addresses in rows", done, len(tables), "tables")
        counts = ", ".join(f"count(*) FILTER (WHERE {column}::text ~ %(pattern)s)" for column in columns)
        found = project.rows(f"SELECT {counts} FROM {table}", pattern=references.IN_ROWS)[0]
        for name, number in zip(names, found, strict=True):
            if number:
                note = "the project's address, or a key of it: rewritten, or answered by the app's old URLs"
                yield Finding("rows", f"{table}.{name}: {counted(number, 'row')}", CHANGES, note)
