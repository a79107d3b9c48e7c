"""Row level security that is forced on the owner of a table: on Supabase the owner passes it by, and here may not."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from slipway.supabase.copying.leave import LEFT

if TYPE_CHECKING:
    import psycopg

QUERY = """
SELECT format('%%I.%%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_roles o ON o.oid = c.relowner
WHERE c.relkind IN ('r', 'p') AND c.relrowsecurity AND c.relforcerowsecurity AND n.nspname <> ALL (%s)
    AND (o.rolbypassrls OR o.rolsuper) = %s ORDER BY 1
"""


def passed_by(conn: psycopg.Connection) -> list[str]:
    """Tables whose owner passes by what is forced on it."""
    return [name for (name,) in conn.execute(QUERY, (LEFT, True))]


def lost(conn: psycopg.Connection, passed: Collection[str]) -> list[str]:
    """A sentence for each table here whose owner may not pass by what its owner in the project could: `passed`."""
    found = [name for (name,) in conn.execute(QUERY, (LEFT, False)) if name in passed]
    return [f"table {name}: row level security is forced on its owner, which could pass it by" for name in found]
