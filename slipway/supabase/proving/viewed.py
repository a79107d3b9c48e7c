# ruff: noqa: S608 (names are quoted by the server)
"""The questions by which a caller's view of each table is compared: how many rows, and a hash of their keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slipway.supabase import platform
from slipway.supabase.proving.left import Stays

if TYPE_CHECKING:
    import psycopg

LARGE = 4 * 2**20  # bytes from which on not every row of a table is tried for each caller
LOOKED_AT = 10_000
NOT_OURS = sorted({*platform.SCHEMAS, "slipway"})
STORAGE = ["storage.objects", "storage.buckets"]
# Tables, their partitions, and views, which may pass policies by; with the columns of the key, and whether values of all of
# them are ordered alike on both servers, whatever their collations.
TABLES = """
SELECT c.oid::regclass::text, c.oid::bigint, (SELECT sum(pg_table_size(t.relid)) FROM pg_partition_tree(c.oid) t
        UNION ALL SELECT pg_table_size(c.oid) ORDER BY 1 DESC NULLS LAST LIMIT 1),
    k.names, k.types, coalesce(k.ordered, false), c.relkind::text
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN LATERAL (
    SELECT array_agg(quote_ident(a.attname) ORDER BY o.at) AS names, bool_and(a.attcollation = 0) AS ordered,
        array_agg(format_type(a.atttypid, a.atttypmod) ORDER BY o.at) AS types
    FROM pg_index i, unnest(i.indkey) WITH ORDINALITY o(number, at) JOIN pg_attribute a ON a.attnum = o.number
    WHERE i.indrelid = c.oid AND i.indisprimary AND a.attrelid = c.oid) k ON true
WHERE c.relkind IN ('r', 'p', 'v', 'm') AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    AND (n.nspname <> ALL (%(other)s) OR c.oid IN (SELECT to_regclass(t) FROM unnest(%(storage)s::text[]) t))
    AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
ORDER BY 1
"""
SEEN = """
SELECT count(*), coalesce(sum(('x' || substr(md5(ROW({columns})::text), 1, 16))::bit(64)::bigint::numeric), 0)
FROM {table} AS each{condition}
"""
# No policy hides a row of a materialized view, and what it holds is compared elsewhere.
MAY_READ = "SELECT NULL, min(0) FROM (SELECT FROM {table} LIMIT 0) AS each"


def queries(conn: psycopg.Connection, stays: Stays) -> dict[str, str]:
    """A question for each table and view of the team's, and for the storage's two; of large tables about the first rows.

    Without a key all columns are hashed.
    """
    found = {}
    for name, number, size, key, types, ordered, kind in conn.execute(
        TABLES, {"other": NOT_OURS, "storage": STORAGE}
    ).fetchall():
        if not stays.has_table(number):
            if kind == "m":
                found[name] = MAY_READ.format(table=name)
                continue
            columns = [f"each.{column}" for column in key or ()]
            until = first_rows(conn, name, key, types) if key and ordered and size > LARGE else ""
            condition = f" WHERE ({', '.join(columns)}) <= ({until})" if until else ""
            found[name] = SEEN.format(columns=", ".join(columns) or "each.*", table=name, condition=condition)
    return found


def first_rows(conn: psycopg.Connection, table: str, key: list[str], types: list[str]) -> str:
    """The key of the last of the rows that are looked at, as SQL; nothing where there are fewer."""
    columns = ", ".join(key)
    texts = ", ".join(f"quote_literal({column}::text)" for column in key)
    query = f"SELECT ARRAY[{texts}] FROM {table} ORDER BY {columns} OFFSET {LOOKED_AT} LIMIT 1"
    row = conn.execute(query).fetchone()
    return ", ".join(f"{value}::{kind}" for value, kind in zip(row[0], types, strict=True)) if row else ""
