"""Whether the project's schema is still the one that was copied, and the copy's tables still fit it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from slipway.data.postgres import catalog, catalog_queries
from slipway.errors import VerificationError
from slipway.supabase import platform, references
from slipway.supabase.copying.leave import LEFT

if TYPE_CHECKING:
    import psycopg

# The schema extensions is the platform's to change; what of it a table needs, the table's own facts name.
OTHERS = {f"schema {name}" for name in (*LEFT, platform.EXTENSIONS)}
COLUMNS = """
SELECT format('%%I.%%I', n.nspname, c.relname), array_agg(concat_ws(' ', quote_ident(a.attname),
    format_type(a.atttypid, a.atttypmod), CASE WHEN a.attgenerated <> '' THEN 'generated' END) ORDER BY a.attnum)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relkind = 'r' AND format('%%I.%%I', n.nspname, c.relname) = ANY (%s) AND a.attnum > 0 AND NOT a.attisdropped
GROUP BY 1
"""
NAMED = 20


def look(conn: psycopg.Connection) -> catalog.Snapshot:
    """The catalog of the schemas that move, as plain data. The session is inside a transaction with a bare search_path.

    Comments, publications, extensions and event triggers are no part of it: no row depends on them.
    """
    found = dict(each for query in catalog_queries.ALL for each in catalog.objects(conn, query))
    kept = {name: facts for name, facts in catalog.of_any_copy(found).items() if moves(name, found)}
    return json.loads(json.dumps(kept))


def moves(name: str, found: catalog.Snapshot) -> bool:
    """Whether an object stands in one of the schemas that move. Pure."""
    while of := found.get(name, {}).get(catalog.OF):
        name = str(of)
    return name.startswith("schema ") and name not in OTHERS


def refuse_changed(then: catalog.Snapshot, now: catalog.Snapshot) -> None:
    """Raises VerificationError, naming what changed, where the project's schema is another than at the copy."""
    refuse("the project's schema", "changed since the copy", catalog.difference(then, now))


def refuse_unfit(source: psycopg.Connection, target: psycopg.Connection, tables: list[str]) -> None:
    """Raises VerificationError where a table of the copy is gone or has other columns than the project's."""
    theirs, ours = (dict(conn.execute(COLUMNS, (tables,)).fetchall()) for conn in (source, target))
    problems = [f"table {name}: not here any more" for name in sorted(theirs.keys() - ours.keys())]
    for name in sorted(theirs.keys() & ours.keys()):
        if theirs[name] != ours[name]:
            other = sorted(set(theirs[name]) ^ set(ours[name])) or ["the order of the columns"]
            problems.append(f"table {name}: not the same columns on both sides: {', '.join(other)}")
    refuse("the copy's schema", "does not fit the project's", problems)


def refuse(where: str, what: str, problems: list[str]) -> None:
    if problems:
        told = [references.masked(each) for each in problems[:NAMED]]
        raise VerificationError(
            where,
            f"{what}: {told[0]}",
            "the schema that was copied; rows alone can be brought",
            "./invoke supabase.copy, which brings the schema too",
            tuple(told[1:]),
        )
