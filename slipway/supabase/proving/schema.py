# ruff: noqa: S608 (the parts are constants of this package)
"""Every definition of the project against that of the copy: schemas, tables, code, rights, roles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from slipway.data.endpoints import Endpoints
from slipway.data.postgres import catalog, scratch
from slipway.data.postgres.catalog import Facts, Snapshot
from slipway.data.postgres.catalog_queries import GRANTS
from slipway.supabase import platform
from slipway.supabase.copying import defaults, forced, role_settings
from slipway.supabase.copying.reading import TEAMS_ROLES
from slipway.supabase.proving import alike
from slipway.supabase.proving.left import Stays
from slipway.supabase.proving.sides import Side, both

if TYPE_CHECKING:
    import psycopg

DEFINITION = "definition"
ROLES = """
SELECT 'role ' || quote_ident(r.rolname), NULL, r.rolbypassrls AS "passes row level security by",
    r.rolinherit AS inherits, (SELECT array_agg(o.rolname::text ORDER BY o.rolname) FROM pg_auth_members m JOIN pg_roles o
        ON o.oid = m.roleid WHERE m.member = r.oid AND o.rolname = ANY (%(roles)s)) AS "member of"
FROM pg_roles r WHERE r.rolname = ANY (%(roles)s)
"""
# What the snapshot does not have: composite types stand in it as relations, and large objects not at all.
TYPE_GRANTS = f"""
SELECT 'type ' || t.oid::regtype, NULL, {GRANTS.format("t.typacl", "T", "t.typowner")}
FROM pg_type t JOIN pg_class c ON c.oid = t.typrelid WHERE c.relkind = 'c'
"""
LARGE_OBJECTS = """
SELECT 'large object ' || m.oid, NULL, m.lomacl::text[] AS grants FROM pg_largeobject_metadata m WHERE m.lomacl IS NOT NULL
"""
# What decides how texts sort and which of them are equal. Columns of a catalog that one version alone has are asked for as JSON.
DATABASE = """
SELECT 'the database', NULL, pg_encoding_to_char(d.encoding) AS encoding, d.datcollate AS collation, d.datctype AS "character types",
    d.datlocprovider::text AS "locale provider", coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale') AS locale,
    to_jsonb(d) ->> 'daticurules' AS "rules of sorting"
FROM pg_database d WHERE d.datname = current_database()
"""
# What no query of the snapshot describes: that it is there is all that is compared.
KINDS = (
    "pg_operator",
    "pg_opclass",
    "pg_opfamily",
    "pg_cast",
    "pg_collation",
    "pg_conversion",
    "pg_ts_config",
    "pg_ts_dict",
)
OTHER = """
SELECT i.type || ' ' || i.identity, NULL, CASE WHEN i.schema IS NOT NULL THEN 'schema ' || quote_ident(i.schema) END AS schema
FROM {catalog} o, pg_identify_object('{catalog}'::regclass, o.oid, 0) i
WHERE o.oid >= 16384 AND NOT EXISTS (
    SELECT FROM pg_depend e WHERE e.classid = '{catalog}'::regclass AND e.objid = o.oid AND e.deptype = 'e')
"""


def compare(ends: Endpoints, database: str, project: Side, copy: Side, stays: Stays) -> list[str]:
    """What the copy lacks, has more, or has otherwise, a sentence each."""
    roles = kept_roles(project.conn)
    expected, found = both(lambda side: read(side.conn, roles), project, copy)
    expected, found = (alike.without(alike.of_one_owner(each, roles), stays.names) for each in (expected, found))
    with scratch.maker(ends, database) as conn:
        differ = catalog.difference(as_printed(conn, expected, found), found)
    return [*differ, *forced.lost(copy.conn, forced.passed_by(project.conn))]


def kept_roles(conn: psycopg.Connection) -> list[str]:
    """The roles that policies and grants of the team's name: they are on both servers."""
    names = [name for (name,) in conn.execute(TEAMS_ROLES) if not platform.owns_role(name)]
    return sorted({*names, *platform.API_ROLES})


def read(conn: psycopg.Connection, roles: list[str]) -> Snapshot:
    found = catalog.read(conn)
    cursor = conn.execute(ROLES, {"roles": roles})
    facts = [column.name for column in cursor.description[2:]]
    found |= {row[0]: dict(zip(facts, row[2:], strict=True)) for row in cursor}
    found |= dict(catalog.objects(conn, defaults.OBJECTS, {"own": defaults.OWN, "roles": roles}))
    for each in role_settings.coming(role_settings.look(conn, roles)):
        found[each.label] = {"value": role_settings.told(each)}
    found |= dict(catalog.objects(conn, DATABASE))
    for kind in KINDS:
        found |= dict(catalog.objects(conn, OTHER.format(catalog=kind)))
    return found | dict(granted(conn, found, roles))


def granted(conn: psycopg.Connection, found: Snapshot, roles: list[str]) -> Iterator[tuple[str, Facts]]:
    """The composite types with their grants, and the large objects of which these roles or PUBLIC were granted something."""
    yield from ((name, found[name] | facts) for name, facts in catalog.objects(conn, TYPE_GRANTS) if name in found)
    for name, facts in catalog.objects(conn, LARGE_OBJECTS):
        if alike.grants(facts["grants"], roles):
            yield name, facts


def as_printed(conn: psycopg.Connection, expected: Snapshot, found: Snapshot) -> Snapshot:
    """The expected definitions of views as the copy's server prints them: versions write the same query differently."""
    changed = dict(expected)
    for name, facts in expected.items():
        there = found.get(name, {})
        if facts.get("kind") in ("v", "m") and facts[DEFINITION] != there.get(DEFINITION, facts[DEFINITION]):
            changed[name] = facts | {DEFINITION: printed(conn, facts)}
    return changed


def printed(conn: psycopg.Connection, facts: Mapping) -> object:
    """How this server prints the query, from a view that is there for no longer than that; as it was, where it makes none."""
    import psycopg

    try:
        with conn.transaction(force_rollback=True):
            conn.execute("SET LOCAL search_path = ''")
            conn.execute(f"CREATE TEMPORARY VIEW slipway_printed AS {facts[DEFINITION]}")
            return conn.execute("SELECT pg_get_viewdef('pg_temp.slipway_printed'::regclass)").fetchone()[0]
    except psycopg.Error:
        return facts[DEFINITION]
