"""What the project's catalog says besides its dump: what is the platform's, and extensions, roles and rights as SQL."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from slipway.data.postgres.extensions import OPTIONAL
from slipway.supabase import platform
from slipway.supabase.copying import leave, rights
from slipway.supabase.kinds import granting

if TYPE_CHECKING:
    import psycopg

# Catalogs whose objects are in a schema, and the column that says which.
PLACED = {
    "pg_class": "relnamespace",
    "pg_collation": "collnamespace",
    "pg_constraint": "connamespace",
    "pg_conversion": "connamespace",
    "pg_opclass": "opcnamespace",
    "pg_operator": "oprnamespace",
    "pg_opfamily": "opfnamespace",
    "pg_proc": "pronamespace",
    "pg_statistic_ext": "stxnamespace",
    "pg_ts_config": "cfgnamespace",
    "pg_ts_dict": "dictnamespace",
    "pg_type": "typnamespace",
}
# A dump has row level security by the number of its table, without one of a catalog.
ON_TABLES = """
SELECT 0::bigint, c.oid::bigint FROM pg_class c WHERE c.relnamespace = ANY (%(own)s)
UNION ALL SELECT d.tableoid::bigint, d.oid::bigint FROM pg_attrdef d JOIN pg_class c ON c.oid = d.adrelid
    WHERE c.relnamespace = ANY (%(own)s)
UNION ALL SELECT r.tableoid::bigint, r.oid::bigint FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class
    WHERE c.relnamespace = ANY (%(own)s)
UNION ALL SELECT t.tableoid::bigint, t.oid::bigint FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    JOIN pg_proc p ON p.oid = t.tgfoid WHERE c.relnamespace = ANY (%(own)s) AND p.pronamespace = ANY (%(own)s)
UNION ALL SELECT tableoid::bigint, oid::bigint FROM pg_namespace WHERE oid = ANY (%(own)s)
"""
NAMESPACES = "SELECT array_agg(oid) FROM pg_namespace WHERE nspname = ANY (%s)"
SERVERS = """
SELECT e.extname FROM pg_extension e JOIN pg_depend d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
WHERE d.deptype = 'e' AND d.classid = 'pg_foreign_data_wrapper'::regclass
"""
EXTENSION = """
SELECT format('CREATE SCHEMA IF NOT EXISTS %%I', n.nspname), format('CREATE EXTENSION IF NOT EXISTS %%I SCHEMA %%I', e.extname, n.nspname),
    n.tableoid::bigint, n.oid::bigint
FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = ANY (%s) ORDER BY n.nspname, e.extname
"""
ROLE = """
SELECT format('DO $role$ BEGIN IF to_regrole(%%L) IS NULL THEN CREATE ROLE %%I; END IF; END $role$', quote_ident(name), name)
FROM unnest(%s::text[]) name ORDER BY 1
"""
# What the prelude's default privileges have given rights on by themselves.
GIVEN = """
SELECT kind, array_agg(name ORDER BY name) FROM (
    SELECT CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, c.oid::regclass::text, c.tableoid, c.oid
        FROM pg_class c WHERE c.relnamespace = to_regnamespace('public') AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
    UNION ALL SELECT 'ROUTINE', p.oid::regprocedure::text, p.tableoid, p.oid FROM pg_proc p
        WHERE p.pronamespace = to_regnamespace('public')
) made(kind, name, class, id)
WHERE NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = class AND e.objid = id AND e.deptype = 'e')
    AND (class::bigint, id::bigint) NOT IN (SELECT * FROM unnest(%s::bigint[], %s::bigint[]))
GROUP BY kind ORDER BY kind
"""
# Routines without a list: everybody may run them.
OPEN = """
SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE p.proacl IS NULL AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND n.nspname <> ALL (%s)
    AND (p.tableoid::bigint, p.oid::bigint) NOT IN (SELECT * FROM unnest(%s::bigint[], %s::bigint[])) AND NOT EXISTS (
    SELECT FROM pg_depend e WHERE e.classid = p.tableoid AND e.objid = p.oid AND e.deptype = 'e')
ORDER BY 1
"""
OTHERS = (*leave.LEFT, *platform.MOVED, platform.EXTENSIONS)  # schemas that are not the team's


def platforms(conn: psycopg.Connection) -> set[tuple[int, int]]:
    """What is in the platform's schemas or on its tables, but for the triggers and policies of the team's."""
    (own,) = conn.execute(NAMESPACES, (list(platform.MOVED),)).fetchone()
    placed = " UNION ALL ".join(
        f"SELECT tableoid::bigint, oid::bigint FROM {catalog} WHERE {column} = ANY (%(own)s)"  # noqa: S608
        for catalog, column in PLACED.items()
    )
    return set(conn.execute(f"{placed} UNION ALL {ON_TABLES}", {"own": own or []}).fetchall())


def extensions(conn: psycopg.Connection, wanted: Collection[str]) -> tuple[list[str], set[tuple[int, int]]]:
    """Statements that make them with their schemas, and which schemas those are.

    Not those that an administrator makes and the schema does not need: they hold no data, or reach other servers.
    """
    others = OPTIONAL | {name for (name,) in conn.execute(SERVERS)}
    rows = conn.execute(EXTENSION, (sorted(set(wanted) - others),)).fetchall()
    schemas = [schema for schema, *_ in rows if not schema.endswith((" public", " pg_catalog"))]
    return [*dict.fromkeys(schemas), *(made for _, made, *_ in rows)], {(table, id) for *_, table, id in rows}


def roles(conn: psycopg.Connection, names: list[str]) -> list[str]:
    """Statements that make the roles which are not there."""
    return [statement for (statement,) in conn.execute(ROLE, (names,))]


def grants(conn: psycopg.Connection, names: list[str], gone: Collection[tuple[int, int]]) -> list[str]:
    """Statements that give the API's roles and these what they have in the team's schemas, and nothing else."""
    numbers = [list(each) for each in zip(*gone, strict=True)] or [[], []]
    roles = ", ".join(platform.API_ROLES)
    taken = [granting.statement("REVOKE ALL", *row, f"FROM {roles}") for row in conn.execute(GIVEN, numbers).fetchall()]
    known = rights.grantees(conn, {*names, *platform.API_ROLES})
    given = granting.together(lists(conn, numbers, gone), known)
    return [*taken, *given, *rights.of_columns(conn, known, OTHERS, gone)]


def lists(
    conn: psycopg.Connection, numbers: list[list[int]], gone: Collection[tuple[int, int]]
) -> Iterator[granting.List]:
    """Who may do what with each of the team's objects. Schema public is the stack's, and PUBLIC has nothing in it."""
    for (target,) in conn.execute(OPEN, [list(OTHERS), *numbers]).fetchall():
        yield "ROUTINE", target, True, [[granting.PUBLIC, "EXECUTE", False]]
    for word, target, public, given in rights.lists(conn, OTHERS, gone):
        is_stacks = word == "SCHEMA" and target == "public"
        yield word, target, public, [each for each in given if not (is_stacks and each[0] == granting.PUBLIC)]
