# ruff: noqa: S608 (the parts are constants of this package)
"""Columns that pgsodium encrypts: they are copied as they are stored, and their key stays on the platform."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from slipway.supabase.interface import BY_HAND, Finding
from slipway.supabase.inventory.project import OWN, TEAM, Project

if TYPE_CHECKING:
    import psycopg

QUERY = f"""
SELECT c.oid::regclass || '.' || quote_ident(a.attname) FROM pg_seclabel s
JOIN pg_class c ON s.classoid = 'pg_class'::regclass AND c.oid = s.objoid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = s.objsubid
WHERE s.provider = 'pgsodium' AND starts_with(s.label, 'ENCRYPT WITH') AND {TEAM} ORDER BY 1
"""
NOTE = "encrypted by pgsodium, whose key stays behind: write it decrypted into a column of its own first"


def find(project: Project) -> Iterator[Finding]:
    for (name,) in project.rows(QUERY):
        yield Finding("encrypted column", name, BY_HAND, NOTE)


def told(conn: psycopg.Connection) -> list[str]:
    """A sentence for each."""
    return [f"column {name}: {NOTE}" for (name,) in conn.execute(QUERY, {"own": OWN})]
