"""Indexes that CREATE INDEX CONCURRENTLY left invalid: found, and named with the statement that mends it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from slipway.errors import MigrationError

if TYPE_CHECKING:
    import psycopg

# An invalid index of a partitioned table is a normal state, and one that somebody is building right now is not left.
INVALID = """
SELECT format('%I.%I', n.nspname, c.relname), c.relname FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE NOT i.indisvalid AND c.relkind = 'i' AND n.nspname <> 'pg_toast'
AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_progress_create_index p WHERE p.index_relid = c.oid
                AND p.pid <> pg_catalog.pg_backend_pid()) ORDER BY 1
"""
NAMED = re.compile(r"""\bindex\s+concurrently\s+(?:if\s+not\s+exists\s+)?(?:(?:"(?:[^"]|"")+"|[\w$]+)\.)?
                       (?P<name>"(?:[^"]|"")+"|(?!on\b)[\w$]+)""", re.I | re.X)


def invalid(conn: psycopg.Connection) -> dict[str, str]:
    """The invalid indexes: qualified name -> bare name."""
    return dict(conn.execute(INVALID).fetchall())


def named_in(text: str) -> set[str]:
    """The bare names of the indexes that a statement makes concurrently, as the catalog spells them."""
    return {name[1:-1].replace('""', '"') if name.startswith('"') else name.lower()
            for name in (match["name"] for match in NAMED.finditer(text))}


def is_valid(conn: psycopg.Connection, text: str) -> bool:
    """Whether the index that a statement makes is there and valid."""
    names = list(named_in(text))
    return bool(names) and conn.execute(
        "SELECT count(*) FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid "
        "WHERE c.relname = ANY(%s) AND i.indisvalid", (names,)).fetchone()[0] == len(names)


def broken(conn: psycopg.Connection, before: tuple[str, ...], text: str) -> list[str]:
    """The invalid indexes that are this file's: new since it was begun, or named in the statement."""
    names = named_in(text)
    return [qualified for qualified, name in invalid(conn).items() if qualified not in before or name in names]


def left(where: str, found: str, names: list[str]) -> MigrationError:
    """The error that names them."""
    drops = "; ".join(f"DROP INDEX CONCURRENTLY {name}" for name in names)
    return MigrationError(where, f"{found}invalid index {', '.join(names)}: it is kept up at every write and answers "
                          "no query", "every index valid", f"./invoke psql: {drops}; then run the same command again")
