"""The content of a table as a count and a hash that no order of rows, no server and no restore changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psycopg

# Whatever decides how a value is written as text; a policy must raise and not hide rows.
SETTINGS = {
    "datestyle": "ISO, YMD",
    "intervalstyle": "postgres",
    "timezone": "UTC",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "xmloption": "content",
    "lc_monetary": "C",
    "search_path": "pg_catalog",
    "row_security": "off",
}
HASHED = """
SELECT rows, lpad(to_hex(div(total, 4294967296)::bigint), 8, '0') || lpad(to_hex(mod(total, 4294967296)::bigint), 8, '0')
FROM (SELECT count(*) AS rows, mod(mod(coalesce(sum(
          ('x' || substr(md5(ROW(each.*)::text), 1, 16))::bit(64)::bigint::numeric), 0),
      18446744073709551616) + 18446744073709551616, 18446744073709551616) AS total FROM {rows} AS each) AS whole
"""
COUNTED = "SELECT count(*), NULL::text FROM ONLY {table}"
# Ordinary tables, partitions included, whose rows pg_dump writes: none of the system's, of extensions, or temporary.
TABLES = """
SELECT format('%%I.%%I', n.nspname, c.relname), c.oid::bigint, coalesce(pg_table_size(c.oid), 0)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    AND n.nspname <> ALL (%s) AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
                    AND d.deptype = 'e')
ORDER BY 1
"""


def query(table: str) -> str:
    """SQL for (rows, hash) of one table, named as quote_ident writes it: the hash is 16 hexadecimal digits.

    Sum over rows of the first 8 bytes of the md5 of the row's text, modulo 2^64. Run it after `settle`.
    """
    return HASHED.format(rows=f"ONLY {table}")


def query_of(select: str) -> str:
    """SQL for the same of what a query gives."""
    return HASHED.format(rows=f"({select.strip().removesuffix(';')})")


def count(table: str) -> str:
    """SQL for (rows, NULL): a row count alone."""
    return COUNTED.format(table=table)


def settle(conn: psycopg.Connection) -> None:
    """Fixes the settings that `query` depends on, for this session or, inside a transaction, for that alone."""
    from psycopg import sql

    conn.execute(
        sql.SQL("; ").join(
            sql.SQL("SET {} = {}").format(sql.Identifier(name), sql.Literal(value)) for name, value in SETTINGS.items()
        )
    )


def tables(conn: psycopg.Connection, without: Sequence[str] = ()) -> list[tuple[str, int, int]]:
    """(name, oid, bytes on disk) of every table whose rows a dump holds, by name; none of the schemas `without`."""
    return conn.execute(TABLES, (list(without),)).fetchall()
