"""Many small questions in few statements, in a session that one bad answer must not end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from slipway.data.postgres import connection

if TYPE_CHECKING:
    import psycopg

TOGETHER = 50
PART = "SELECT {name}, each.one::text, each.two::text FROM ({query}) AS each(one, two)"


@dataclass(frozen=True)
class Refused:
    """Why a question has no answer: the server's code and its words."""

    state: str
    reason: str


Answer = tuple[str | None, str | None] | Refused


def ask(conn: psycopg.Connection, queries: Mapping[str, str]) -> dict[str, Answer]:
    """The two values of each query by its name, as text; Refused where the server gives none.

    Several queries go in one statement, which is asked again in halves when it fails: a savepoint keeps the rest.
    """
    names, found = list(queries), {}
    for first in range(0, len(names), TOGETHER):
        found |= together(conn, {name: queries[name] for name in names[first : first + TOGETHER]})
    return found


def together(conn: psycopg.Connection, queries: Mapping[str, str]) -> dict[str, Answer]:
    import psycopg

    parts = [PART.format(name=connection.literal(name), query=query) for name, query in queries.items()]
    try:
        with conn.transaction():
            return {name: (one, two) for name, one, two in conn.execute(" UNION ALL ".join(parts)).fetchall()}
    except psycopg.Error as error:
        if conn.broken or conn.closed:
            raise
        names = list(queries)
        if len(names) == 1:
            return {names[0]: Refused(error.sqlstate or "", connection.reason(error))}
        half = len(names) // 2
        return {
            **together(conn, {name: queries[name] for name in names[:half]}),
            **together(conn, {name: queries[name] for name in names[half:]}),
        }
