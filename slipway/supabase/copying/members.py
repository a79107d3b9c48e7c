"""Tables that extensions have made. A dump has the rows of those that the extension has registered, and of no others."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

from slipway.data.backups import fingerprint

if TYPE_CHECKING:
    import psycopg

QUERY = """
SELECT format('%%I.%%I', n.nspname, c.relname), e.extname, g.condition
FROM pg_extension e JOIN pg_depend d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.deptype = 'e'
JOIN pg_class c ON d.classid = 'pg_class'::regclass AND c.oid = d.objid JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN LATERAL unnest(e.extconfig, e.extcondition) AS g(id, condition) ON g.id = c.oid
WHERE c.relkind = 'r' AND e.extname = ANY (%s) ORDER BY 1
"""
Content = tuple[int, str]  # rows, and their hash


@dataclass(frozen=True)
class Member:
    """One of them. `condition` says in SQL which of its rows are no part of the extension; None where it has not registered it."""

    table: str
    extension: str
    condition: str | None

    @property
    def query(self) -> str:
        """SQL for count and hash of those rows, or of all."""
        return fingerprint.query_of(f"SELECT * FROM ONLY {self.table} {self.condition or ''}")  # noqa: S608


def look(conn: psycopg.Connection, extensions: Collection[str]) -> list[Member]:
    """The tables of these extensions."""
    return [Member(*row) for row in conn.execute(QUERY, (sorted(extensions),))]


def contents(conn: psycopg.Connection, found: Sequence[Member]) -> list[Content | None]:
    """What each holds; None where there is no such table, since another version of the extension has made others."""
    from psycopg import errors

    answers: list[Content | None] = []
    with conn.transaction(force_rollback=True):
        fingerprint.settle(conn)
        for each in found:
            try:
                with conn.transaction():
                    answers.append(conn.execute(each.query).fetchone())
            except (errors.UndefinedTable, errors.UndefinedColumn):
                answers.append(None)
    return answers


def record(conn: psycopg.Connection, extensions: Collection[str]) -> list[list]:
    """The tables of these extensions as a manifest keeps them: three facts of each, and its content."""
    found = look(conn, extensions)
    return [[*astuple(each), content] for each, content in zip(found, contents(conn, found), strict=True)]


def open_to(conn: psycopg.Connection, owner: str, found: Sequence[Member], is_open: bool) -> None:
    """Lets the owner fill what a dump has rows of, or no longer: whoever has made the extension owns it."""
    from psycopg import sql

    word, to = ("GRANT", "TO") if is_open else ("REVOKE", "FROM")
    for each in found:
        if each.condition is not None:
            conn.execute(f"{word} INSERT ON {each.table} {to} {sql.Identifier(owner).as_string(conn)}")


def otherwise(
    found: Sequence[Member], before: Sequence[Content | None], after: Sequence[Content | None]
) -> Iterator[tuple[Member, str]]:
    """Those that hold something else here, each with a sentence. Pure."""
    for each, expected, there in zip(found, before, after, strict=True):
        if expected == there:
            continue
        name = f"{each.table} of extension {each.extension}"
        if there is None or expected is None:
            yield each, f"{name}: missing"
        elif expected[0] != there[0]:
            yield each, f"{name}: {there[0]:,} instead of {expected[0]:,}"
        else:
            yield each, f"{name}: as many, with another content"


def lost(conn: psycopg.Connection, kept: Sequence[Sequence]) -> list[str]:
    """A sentence for each of `kept`, as `record` gives them, that holds something else here."""
    found = [Member(*each[:3]) for each in kept]
    before = [tuple(each[3]) if each[3] else None for each in kept]
    return [
        text if each.condition is not None else f"{text}: no dump has its rows"
        for each, text in otherwise(found, before, contents(conn, found))
    ]
