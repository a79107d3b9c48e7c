"""Materialized views by what they hold. It is derived from rows that are compared themselves, and may be old in the project."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from slipway.data.backups import fingerprint
from slipway.data.postgres import connection
from slipway.supabase.copying.leave import LEFT
from slipway.supabase.proving import asking
from slipway.supabase.proving.asking import Answer, Refused
from slipway.supabase.proving.contents import OURS, Judged, table_words
from slipway.supabase.proving.left import Stays
from slipway.supabase.proving.sides import Side, both

if TYPE_CHECKING:
    import psycopg

QUERY = """
SELECT format('%%I.%%I', n.nspname, c.relname), c.oid::bigint, c.relispopulated, pg_get_userbyid(c.relowner), pg_get_viewdef(c.oid)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'm' AND n.nspname !~ '^pg_' AND n.nspname <> ALL (%s) AND NOT EXISTS (
    SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
ORDER BY 1
"""


@dataclass(frozen=True)
class View:
    """One of them: its number in pg_class, whether it can be read, and as whom a REFRESH would ask what."""

    name: str
    number: int
    is_populated: bool
    owner: str
    definition: str


def compare(project: Side, copy: Side, stays: Stays) -> Judged:
    """Compares those that are filled in the project. One that the copy lacks is a difference of definitions.

    The copy fills each anew from its rows. So another content is a loss only where the project's is what its query
    gives, and the copy's is not.
    """
    before, after = both(lambda side: look(side.readers[0]), project, copy)
    filled = [
        each
        for each in before.values()
        if each.is_populated and not stays.has_table(each.number) and each.name in after
    ]
    judged = Judged([f"{each.name}: not filled" for each in filled if not after[each.name].is_populated])
    for each in filled:
        if after[each.name].is_populated:
            judge(project, copy, each, after[each.name], judged)
    return judged


def look(conn: psycopg.Connection) -> dict[str, View]:
    fingerprint.settle(conn)
    return {row[0]: View(*row) for row in conn.execute(QUERY, ([*LEFT, *OURS],))}


def judge(project: Side, copy: Side, expected: View, found: View, judged: Judged) -> None:
    """Adds what there is to say of one view, if anything."""
    before, after = both(lambda side: content(side, expected.name), project, copy)
    for where, answer in (("the project", before), ("the copy", after)):
        if isinstance(answer, Refused):
            judged.unread.append(f"{expected.name}: not readable in {where}: {answer.reason}")
            return
    if before == after:
        return
    is_fresh = before == derived(project, expected), after == derived(copy, found)
    words = table_words(expected.name, before, after)
    if is_fresh == (True, False):
        judged.differ.append(words)
    else:
        judged.told.append(f"materialized view {words}; the copy has filled it anew by its query")


def content(side: Side, name: str) -> Answer:
    query = fingerprint.query_of(f"SELECT * FROM {name}")  # noqa: S608  (quoted by the server)
    return asking.ask(side.readers[0], {name: query})[name]


def derived(side: Side, view: View) -> Answer:
    """What the view's query gives now, asked as its owner, as REFRESH does."""
    import psycopg

    conn = side.readers[0]
    try:
        with conn.transaction(force_rollback=True):
            conn.execute(f"SET LOCAL ROLE {connection.identifier(view.owner)}")
            conn.execute("SET LOCAL row_security = on")
            return asking.ask(conn, {view.name: fingerprint.query_of(view.definition)})[view.name]
    except psycopg.errors.InsufficientPrivilege as error:
        return Refused(error.sqlstate or "", connection.reason(error))
