"""The content of a table as a count and a hash that no order of rows, no server and no restore changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psycopg

# Whatever decides how a value is written as text; a policy must raise and not hide rows. Compiling a question to the
# catalogs takes a second, and longer than its answer.
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
    "jit": "off",
}
HASHED = """
SELECT rows, {mark} || lpad(to_hex(div(total, 4294967296)::bigint), 8, '0') || lpad(to_hex(mod(total, 4294967296)::bigint), 8, '0')
FROM (SELECT count(*) AS rows, mod(mod(coalesce(sum({row}), 0), 18446744073709551616) + 18446744073709551616,
      18446744073709551616) AS total FROM {rows} AS each) AS whole
"""
# Three times as quick as a hash of the row's own text, with its quotes. Hash partitions go by this function, so that it
# gives the same in every version of the server.
ROW = 'hashtextextended({text} COLLATE "C", 0)'
MARK = "2:"  # what hashes of this form begin with; those of older backups have none
OLDER_ROW = "('x' || substr(md5(ROW(each.*)::text), 1, 16))::bit(64)::bigint::numeric"
# Where a column begins, and what parts one text from the next: concat_ws leaves nulls out, so that these two tell a
# null from an empty text and one column from the other.
BEGINS, PARTS = r"E'\x02'", r"E'\x01'"
MOST = 45  # columns in one call of concat_ws, which takes 100 arguments
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
COLUMNS = """
SELECT wanted.name, array_agg(quote_ident(a.attname) ORDER BY a.attnum) FILTER (WHERE a.attnum IS NOT NULL)
FROM unnest(%s::text[]) AS wanted(name)
JOIN (SELECT format('%%I.%%I', n.nspname, c.relname) AS name, c.oid FROM pg_class c
      JOIN pg_namespace n ON n.oid = c.relnamespace) AS there ON there.name = wanted.name
LEFT JOIN pg_attribute a ON a.attrelid = there.oid AND a.attnum > 0 AND NOT a.attisdropped
GROUP BY 1
"""


def query(table: str, columns: Sequence[str]) -> str:
    """SQL for (rows, hash) of one table with all of its columns, as quote_ident writes both.

    The hash is `MARK` and 16 hexadecimal digits: the sum over rows of a 64-bit hash of what the columns print, modulo
    2^64. Run it after `settle`.
    """
    calls = [row_text(columns[at : at + MOST]) for at in range(0, len(columns), MOST)] or ["''"]
    text = calls[0] if len(calls) == 1 else f"concat_ws({PARTS}, {', '.join(calls)})"
    return HASHED.format(mark=f"'{MARK}'", row=ROW.format(text=text), rows=f"ONLY {table}")


def row_text(columns: Sequence[str]) -> str:
    return f"concat_ws({PARTS}, {', '.join(f'{BEGINS}, each.{name}' for name in columns)})"


def older_query(table: str) -> str:
    """The same for a hash of an older backup: of the md5 of each row's text the first 8 bytes, added up."""
    return HASHED.format(mark="''", row=OLDER_ROW, rows=f"ONLY {table}")


def query_of(select: str) -> str:
    """SQL for count and hash, of that older form, of what a query gives."""
    return HASHED.format(mark="''", row=OLDER_ROW, rows=f"({select.strip().removesuffix(';')})")


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


def columns(conn: psycopg.Connection, names: Sequence[str]) -> dict[str, list[str]]:
    """The columns of each of these tables that is there, quoted and in their order."""
    return {name: found or [] for name, found in conn.execute(COLUMNS, (list(names),))}


def queries(conn: psycopg.Connection, names: Sequence[str]) -> dict[str, str]:
    """`query` of each of these tables that is there."""
    return {name: query(name, found) for name, found in columns(conn, names).items()}
