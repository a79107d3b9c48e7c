"""Foreign keys of the tables that changed, asked of the rows: silent triggers have not looked at them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slipway.data.restore import proof
from slipway.data.restore.interface import Check

if TYPE_CHECKING:
    import psycopg

# Those that touch one of the tables, by way of their partitioned parents too, with the operators that each one was
# made with. Keys that the server itself does not vouch for, and those of periods, are left out.
FOREIGN = """
WITH touched AS (
    SELECT t.id::regclass::oid AS id FROM unnest(%s::text[]) AS t (id)
    UNION SELECT a.relid FROM unnest(%s::text[]) AS t (id), pg_partition_ancestors(t.id::regclass) a
)
SELECT format('%%I of %%s', k.conname, k.conrelid::regclass), format(
    'SELECT count(*) FROM %%s %%s AS c WHERE %%s AND NOT EXISTS (SELECT FROM %%s %%s AS p WHERE %%s)',
    CASE WHEN r.relkind = 'r' THEN 'ONLY' END, k.conrelid::regclass, string_agg(format('c.%%I IS NOT NULL', a.attname), ' AND '),
    CASE WHEN f.relkind = 'r' THEN 'ONLY' END, k.confrelid::regclass,
    string_agg(format('p.%%I OPERATOR(%%I.%%s) c.%%I', b.attname, n.nspname, o.oprname, a.attname), ' AND '))
FROM pg_constraint k JOIN pg_class r ON r.oid = k.conrelid JOIN pg_class f ON f.oid = k.confrelid
CROSS JOIN unnest(k.conkey, k.confkey, k.conpfeqop) AS e (child, parent, equals)
JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = e.child
JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = e.parent
JOIN pg_operator o ON o.oid = e.equals JOIN pg_namespace n ON n.oid = o.oprnamespace
WHERE k.contype = 'f' AND k.conparentid = 0 AND k.convalidated AND NOT coalesce((to_jsonb(k) ->> 'conperiod')::bool, false)
    AND (k.conrelid IN (SELECT id FROM touched) OR k.confrelid IN (SELECT id FROM touched))
GROUP BY k.oid, k.conname, k.conrelid, k.confrelid, r.relkind, f.relkind ORDER BY 1
"""


def check(conn: psycopg.Connection, tables: list[str]) -> Check:
    """Whether every row that refers to another finds it."""
    keys = conn.execute(FOREIGN, (tables, tables)).fetchall()
    counts = {name: conn.execute(query).fetchone()[0] for name, query in keys}
    lost = [f"{name}: {rows:,} rows refer to nothing" for name, rows in counts.items() if rows]
    return proof.wrong("foreign keys", lost, f"{len(keys)} hold")
