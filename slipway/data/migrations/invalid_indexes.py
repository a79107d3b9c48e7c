"""Indexes that CREATE INDEX CONCURRENTLY left invalid: found, and named with the statement that mends it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from slipway.data.sql import lexer
from slipway.errors import MigrationError

if TYPE_CHECKING:
    import psycopg

# An invalid index of a partitioned table is a normal state, and one that somebody is building right now is not left.
INVALID = """
SELECT format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE NOT i.indisvalid AND c.relkind = 'i' AND n.nspname <> 'pg_toast'
AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_progress_create_index p WHERE p.index_relid = c.oid
                AND p.pid <> pg_catalog.pg_backend_pid()) ORDER BY 1
"""
ON_ITS_TABLE = """
SELECT format('%%I.%%I', n.nspname, c.relname), i.indisvalid FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE i.indrelid = pg_catalog.to_regclass(%s) AND c.relname = %s
"""


@dataclass(frozen=True)
class Made:
    """The index that a statement makes: its name as the catalog spells it, its table as the statement does."""

    name: str
    table: str


def made_by(text: str) -> Made | None:
    """What a CREATE INDEX CONCURRENTLY makes; the name is empty where the server chooses it. None for anything else."""
    parts = [part for _, _, part in lexer.tokens(text)]
    words = [part.upper() for part in parts]
    if words[:1] != ["CREATE"] or "ON" not in words or ("INDEX", "CONCURRENTLY") not in pairwise(words):
        return None
    on = words.index("ON")
    table = parts[on + 2 if words[on + 1 : on + 2] == ["ONLY"] else on + 1 :]
    long = next((at for at in range(1, len(table), 2) if table[at] != "."), len(table))
    return Made("" if words[on - 1] in ("CONCURRENTLY", "EXISTS") else fold_name(parts[on - 1]), "".join(table[:long]))


def fold_name(name: str) -> str:
    """A name as the catalog has it: quoted ones as they are, others in small letters."""
    return name[1:-1].replace('""', '"') if name.startswith('"') else name.lower()


def invalid(conn: psycopg.Connection) -> tuple[str, ...]:
    """The qualified names of the invalid indexes."""
    return tuple(name for (name,) in conn.execute(INVALID))


def find_made(conn: psycopg.Connection, text: str) -> dict[str, bool]:
    """The index that a statement makes, if it is there: qualified name -> whether it is valid.

    A table without a schema is the one that the server finds along the session's search_path.
    """
    found = made_by(text)
    return dict(conn.execute(ON_ITS_TABLE, (found.table, found.name)).fetchall()) if found else {}


def is_valid(conn: psycopg.Connection, text: str) -> bool:
    """Whether the index that a statement makes is there and valid."""
    return any(find_made(conn, text).values())


def find_broken(conn: psycopg.Connection, before: tuple[str, ...], text: str) -> list[str]:
    """The invalid indexes that are this file's: new since it was begun, or what the statement makes."""
    own = find_made(conn, text)
    return [name for name in invalid(conn) if name not in before or name in own]


def remains(conn: psycopg.Connection, before: tuple[str, ...], text: str) -> list[str]:
    """The invalid indexes that a try of this statement left: its own, and none that was there before it."""
    own = find_made(conn, text)
    return [name for name in invalid(conn) if name not in before and name in own]


def invalid_error(where: str, found: str, names: list[str]) -> MigrationError:
    """The error that names these invalid indexes."""
    drops = "; ".join(f"DROP INDEX CONCURRENTLY {name}" for name in names)
    return MigrationError(
        where,
        f"{found}invalid index {', '.join(names)}: it is kept up at every write and answers no query",
        "every index valid",
        f"./invoke psql: {drops}; then run the same command again",
    )
