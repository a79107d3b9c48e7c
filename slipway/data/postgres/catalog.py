"""A database's schema as plain data, and what differs between two of them, in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from slipway.data.postgres import catalog_queries, extensions

if TYPE_CHECKING:
    import psycopg

Facts = dict[str, object]
Snapshot = dict[str, Facts]
OF = "of"  # the fact that names what an object belongs to
LONGEST = 160


def snapshot(conn: psycopg.Connection) -> Snapshot:
    """Every object of the schema by name, sorted, with its facts, as of one moment; a few set-based queries.

    Facts that are null are left out, so that the same schema gives the same data on servers of different majors.
    """
    from psycopg import IsolationLevel

    conn.isolation_level, conn.read_only = IsolationLevel.REPEATABLE_READ, True
    try:
        with conn.transaction():
            conn.execute("SET LOCAL search_path = ''")  # so that every name comes with its schema
            return read(conn)
    finally:
        conn.isolation_level = conn.read_only = None


def read(conn: psycopg.Connection) -> Snapshot:
    """The same in the transaction that the caller has begun, with an empty search_path."""
    return dict(sorted(each for query in catalog_queries.ALL for each in objects(conn, query)))


def objects(conn: psycopg.Connection, query: str, values: Mapping | None = None) -> list[tuple[str, Facts]]:
    """The rows of one query: the first column is the object, the second what it belongs to."""
    cursor = conn.execute(query, values)
    names = [OF, *(column.name for column in cursor.description[2:])]
    return [
        (row[0], {name: value for name, value in zip(names, row[1:], strict=True) if value is not None})
        for row in cursor
    ]


def without_grants(found: Snapshot) -> Snapshot:
    """The same without who may do what."""
    return {
        name: {fact: value for fact, value in facts.items() if fact != "grants"}
        for name, facts in found.items()
        if not name.startswith("default privileges ")
    }


def without_optional(found: Snapshot) -> Snapshot:
    """The same without the extensions that hold no data, which an administrator makes and no migration."""
    absent = {f"extension {name}" for name in extensions.OPTIONAL}
    return {name: facts for name, facts in found.items() if name not in absent}


def of_any_copy(found: Snapshot) -> Snapshot:
    """The same without what a copy of the schema on another version has otherwise: rows of materialized views, and
    NOT NULL as a constraint with a name, which servers have since 18. Columns tell that as well."""
    return {
        name: {fact: value for fact, value in facts.items() if fact != "populated"}
        for name, facts in found.items()
        if not str(facts.get("definition", "")).startswith("NOT NULL ")
    }


def difference(expected: Snapshot, found: Snapshot) -> list[str]:
    """What `found` has, lacks or has otherwise, a sentence for each fact; parts of a whole that is missing or new are
    not told one by one."""
    gone, new = expected.keys() - found.keys(), found.keys() - expected.keys()
    sentences = [(name, f"{name}: missing") for name in gone if expected[name].get(OF) not in gone]
    sentences += [(name, f"{name}: there, but not expected") for name in new if found[name].get(OF) not in new]
    for name in expected.keys() & found.keys():
        sentences += [(name, f"{name}: {text}") for text in changes(expected[name], found[name])]
    return [text for _, text in sorted(sentences)]


def changes(expected: Facts, found: Facts) -> list[str]:
    """One clause for each fact of an object that differs."""
    return [
        change(fact, expected.get(fact), found.get(fact))
        for fact in sorted(expected.keys() | found.keys())
        if expected.get(fact) != found.get(fact)
    ]


def change(fact: str, expected: object, found: object) -> str:
    """How one fact differs: of lists only what is more and what is less, where their order is not the difference."""
    if fact == "body":
        return "body differs"
    if isinstance(expected, list) and isinstance(found, list) and set(expected) != set(found):
        more, less = ([str(each) for each in a if each not in b] for a, b in ((found, expected), (expected, found)))
        parts = [f"{word} {', '.join(each)}" for word, each in (("has also", more), ("lacks", less)) if each]
        return f"{fact} " + " and ".join(parts)
    return f"{fact} is {shown(found)}, expected {shown(expected)}"


def shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = "none" if value in (None, "", []) else " ".join(str(value).split())
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"
