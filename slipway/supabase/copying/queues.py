"""The queues of pgmq: their messages stay behind, and how many they are is said."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from slipway.supabase.inventory.project import counted

if TYPE_CHECKING:
    import psycopg

WORDS = {"q": "queue", "a": "archive of queue"}
TABLES = """
SELECT left(c.relname, 1), substr(c.relname, 3), c.relname, has_table_privilege(c.oid, 'SELECT')
FROM pg_class c WHERE c.relnamespace = to_regnamespace('pgmq') AND c.relkind IN ('r', 'p') AND NOT c.relispartition
    AND c.relname ~ '^[qa]_' ORDER BY 2, 1 DESC
"""


def told(conn: psycopg.Connection) -> Iterator[str]:
    """A sentence for each queue, and for each archive of one, that has messages or that this role may not read."""
    from psycopg import sql

    for kind, queue, table, readable in conn.execute(TABLES).fetchall():
        if not readable:
            yield f"{WORDS[kind]} {queue}, which role {conn.info.user} may not read"
            continue
        query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier("pgmq", table))
        if number := conn.execute(query).fetchone()[0]:
            yield f"{WORDS[kind]} {queue}, {counted(number, 'message')}"
