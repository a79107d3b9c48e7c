"""Policies by what they do: which rows of each table each of a sample of people sees, and what each role may do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from slipway.data.postgres import connection
from slipway.supabase.inventory.project import counted
from slipway.supabase.proving import asking, viewed
from slipway.supabase.proving.asking import Answer, Refused
from slipway.supabase.proving.left import Stays
from slipway.supabase.proving.people import Person, sample
from slipway.supabase.proving.schema import kept_roles
from slipway.supabase.proving.sides import Side, both

if TYPE_CHECKING:
    import psycopg

VERBS = """
SELECT format('%%s: %%s by %%s', t, v, r.rolname), has_schema_privilege(r.oid, n.oid, 'USAGE')
    AND CASE v WHEN 'DELETE' THEN has_table_privilege(r.oid, c.oid, v) ELSE has_any_column_privilege(r.oid, c.oid, v) END
FROM unnest(%(tables)s::text[]) t JOIN pg_class c ON c.oid = to_regclass(t) JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_roles r ON r.rolname = ANY (%(roles)s), unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) v
"""
Seen = dict[str, dict[str, Answer] | Refused]  # by person, then by table; or why nobody could be that person


def compare(project: Side, copy: Side, stays: Stays) -> tuple[list[str], list[str], str]:
    """Who sees other rows or may do something else, whom nobody could be, and how much was tried."""
    queries = viewed.queries(project.conn, stays)
    people, roles = sample(project.conn), kept_roles(project.conn)
    before, after = both(lambda side: {each.label: look(side.conn, each, queries) for each in people}, project, copy)
    may = both(lambda side: allowed(side.conn, list(queries), roles), project, copy)
    unknown = [
        f"{who}: {side[who].reason}" for side in (before, after) for who in side if isinstance(side[who], Refused)
    ]
    differ = [*may_otherwise(*may), *sees_otherwise(before, after)]
    well = f"{len(people)} callers see the same rows of {len(queries)} tables and views (of large ones the first {viewed.LOOKED_AT:,}), {len(roles)} roles may do the same"
    return differ, unknown, well


def look(conn: psycopg.Connection, person: Person, queries: dict[str, str]) -> dict[str, Answer] | Refused:
    """What this person sees of each table, as their requests ask; Refused where this session may not act as their role."""
    import psycopg

    try:
        with conn.transaction(force_rollback=True):
            conn.execute(f"SET LOCAL ROLE {connection.identifier(person.role)}")
            conn.execute("SELECT set_config('request.jwt.claims', %s, true)", (json.dumps(person.claims),))
            return asking.ask(conn, queries)
    except psycopg.errors.DatabaseError as error:
        if conn.broken or conn.closed:
            raise
        return Refused(error.sqlstate or "", connection.reason(error))


def allowed(conn: psycopg.Connection, tables: list[str], roles: list[str]) -> dict[str, bool]:
    """Whether each role may do each verb with some column of each table."""
    return dict(conn.execute(VERBS, {"tables": tables, "roles": roles}).fetchall())


def may_otherwise(before: dict[str, bool], after: dict[str, bool]) -> Iterator[str]:
    for name, may in before.items():
        if name in after and after[name] != may:
            yield f"{name}: {'refused' if may else 'allowed'} in the copy alone"


def sees_otherwise(before: Seen, after: Seen) -> Iterator[str]:
    """A sentence for each table of which somebody sees something else. Of two refusals only the code is compared."""
    for who, tables in before.items():
        if isinstance(tables, Refused) or isinstance(after[who], Refused):
            continue
        for table, expected in tables.items():
            found = after[who][table]
            if outcome(expected) != outcome(found):
                yield f"{table}: {who} {words(expected, found)}"


def outcome(answer: Answer) -> object:
    return answer.state if isinstance(answer, Refused) else answer


def words(expected: Answer, found: Answer) -> str:
    if not isinstance(expected, Refused) and not isinstance(found, Refused) and expected[0] == found[0]:
        return f"sees other rows, {int(found[0]):,} as in the project"
    return f"{short(found)}, in the project {short(expected)}"


def short(answer: Answer) -> str:
    if isinstance(answer, Refused):
        return f"gets {answer.reason}"
    return "may read it" if answer[0] is None else f"sees {counted(int(answer[0]), 'row')}"
