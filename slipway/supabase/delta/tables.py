"""A table as a delta reads it: the columns that can be written, and the key by which both sides are put in order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psycopg

COLUMNS = """
SELECT quote_ident(attname) FROM pg_attribute
WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum
"""
# Unique indexes without conditions and expressions whose columns are never null, each with the operator that it finds
# its rows by: a type of an extension's has its own, which no search_path need lead to.
KEYS = """
SELECT i.indexrelid::bigint, quote_ident(a.attname), format_type(a.atttypid, a.atttypmod),
    format('OPERATOR(%%I.%%s)', n.nspname, o.oprname)
FROM pg_index i CROSS JOIN unnest(i.indkey::int2[], i.indclass::oid[]) WITH ORDINALITY AS k (attnum, opclass, at)
JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
JOIN pg_opclass c ON c.oid = k.opclass
JOIN pg_am m ON m.oid = c.opcmethod AND m.amname = 'btree'
JOIN pg_amop p ON p.amopfamily = c.opcfamily AND p.amopstrategy = 3
    AND p.amoplefttype = c.opcintype AND p.amoprighttype = c.opcintype
JOIN pg_operator o ON o.oid = p.amopopr JOIN pg_namespace n ON n.oid = o.oprnamespace
WHERE i.indrelid = %s::regclass AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL
    AND i.indexprs IS NULL AND k.at <= i.indnkeyatts AND NOT EXISTS (
        SELECT FROM pg_attribute x WHERE x.attrelid = i.indrelid AND x.attnum = ANY (i.indkey::int2[]) AND NOT x.attnotnull)
ORDER BY i.indisprimary DESC, i.indnkeyatts, 1, k.at
"""
# Types whose own order is that of what Python gets: an index may serve them. All others are put in order as text.
NUMBERS = frozenset({"smallint", "integer", "bigint"})
BYTEWISE = "uuid"
HASH = "md5(ROW(each.*)::text)"  # of one row what the fingerprint adds up
PAGE = 2_000  # rows in memory at a time

Key = tuple  # of int and str


@dataclass(frozen=True)
class Part:
    """A column of a key: its quoted name, its type, and the operator of its equality."""

    name: str
    type: str
    equals: str

    @property
    def value(self) -> str:
        return f"each.{self.name}" if self.type in NUMBERS else f"each.{self.name}::text"

    @property
    def order(self) -> str:
        """By what both servers put it in the same order, whatever their locales are."""
        return f"each.{self.name}" if self.type in NUMBERS or self.type == BYTEWISE else f'{self.value} COLLATE "C"'


@dataclass(frozen=True)
class Table:
    """Quoted names throughout. Without a `key` its rows cannot be told from each other."""

    name: str
    columns: tuple[str, ...]
    key: tuple[Part, ...]

    @property
    def listed(self) -> str:
        return ", ".join(self.columns)

    def matches(self, other: str) -> str:
        """SQL that is true where a row `each` has the key in the columns k0, k1 … of `other`, which are text."""
        return " AND ".join(
            f"each.{part.name} {part.equals} {other}.k{at}::{part.type}" for at, part in enumerate(self.key)
        )


def describe(conn: psycopg.Connection, name: str) -> Table:
    columns = tuple(column for (column,) in conn.execute(COLUMNS, (name,)))
    rows = conn.execute(KEYS, (name,)).fetchall()
    first = next((list(group) for _, group in groupby(rows, itemgetter(0))), [])
    return Table(name, columns, tuple(Part(*row[1:]) for row in first))


def stream(conn: psycopg.Connection, table: Table, side: str) -> Iterator[tuple[Key, str]]:
    """(key, hash) of every row in the order of its key, a page at a time."""
    values, order = (", ".join(each) for each in ([p.value for p in table.key], [p.order for p in table.key]))
    with conn.cursor(name=f"delta_{side}") as cursor:
        cursor.itersize = PAGE
        cursor.execute(f"SELECT {values}, {HASH} FROM ONLY {table.name} AS each ORDER BY {order}")  # noqa: S608
        for row in cursor:
            yield row[:-1], row[-1]
