# ruff: noqa: S608 (the parts are constants of this file)
"""Who may do what in the copy: the project's grants to the roles that the target has too.

A dump's grants name roles of the platform's. Taken from the catalog they are told apart by name, and the owner is one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from slipway.supabase import platform
from slipway.supabase.copying.leave import LEFT

if TYPE_CHECKING:
    import psycopg

Gone = Collection[tuple[int, int]]  # catalog and object
# By kind: what GRANT calls it, how it is named, its list, its owner, whether PUBLIC has something by itself, where from.
RELATIONS = "pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
KINDS = (
    (
        "SCHEMA",
        "quote_ident(n.nspname)",
        "n.nspacl",
        "n.nspowner",
        False,
        "pg_namespace n",
        "true",
        "pg_namespace",
        "n",
    ),
    (
        "TABLE",
        "c.oid::regclass::text",
        "c.relacl",
        "c.relowner",
        False,
        RELATIONS,
        "c.relkind IN ('r', 'p', 'v', 'm')",
        "pg_class",
        "c",
    ),
    (
        "SEQUENCE",
        "c.oid::regclass::text",
        "c.relacl",
        "c.relowner",
        False,
        RELATIONS,
        "c.relkind = 'S'",
        "pg_class",
        "c",
    ),
    (
        "ROUTINE",
        "p.oid::regprocedure::text",
        "p.proacl",
        "p.proowner",
        True,
        "pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace",
        "true",
        "pg_proc",
        "p",
    ),
    (
        "TYPE",
        "t.oid::regtype::text",
        "t.typacl",
        "t.typowner",
        True,
        "pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace",
        "(t.typtype IN ('e', 'd', 'r') OR EXISTS (SELECT FROM pg_class k WHERE k.oid = t.typrelid AND k.relkind = 'c'))",
        "pg_type",
        "t",
    ),
)
TEAM = "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND n.nspname <> ALL (%(left)s)"
STAYS = (
    "('{}'::regclass::bigint, {}.oid::bigint) NOT IN (SELECT * FROM unnest(%(classes)s::bigint[], %(ids)s::bigint[]))"
)
COLUMNS = f"""
SELECT c.oid::regclass::text, quote_ident(a.attname), x.privilege_type, x.grantee, x.is_grantable
FROM pg_attribute a JOIN {RELATIONS} ON c.oid = a.attrelid, aclexplode(a.attacl) x
WHERE {TEAM} AND a.attnum > 0 AND NOT a.attisdropped AND {STAYS.format("pg_class", "c")} ORDER BY 1, 2, 3
"""
LARGE_OBJECTS = """
SELECT m.oid::bigint, (SELECT json_agg(json_build_array(x.grantee::bigint, x.privilege_type, x.is_grantable))
    FROM aclexplode(m.lomacl) x WHERE x.grantee <> m.lomowner)
FROM pg_largeobject_metadata m WHERE m.lomacl IS NOT NULL ORDER BY 1
"""


def statements(source: psycopg.Connection, kept: set[str], gone: Gone) -> list[str]:
    """GRANT and REVOKE statements that give the roles `kept`, and PUBLIC, what they have in the project, but for what
    stays behind: `gone`, by its numbers."""
    names = grantees(source, kept)
    return [
        *of_objects(source, names, LEFT, gone),
        *of_columns(source, names, LEFT, gone),
        *of_large_objects(source, names),
    ]


def grantees(source: psycopg.Connection, kept: set[str]) -> dict[int, str]:
    """PUBLIC and these roles by their numbers, as statements name them."""
    query = "SELECT oid, quote_ident(rolname) FROM pg_roles WHERE rolname = ANY (%s)"
    return {0: "PUBLIC", **dict(source.execute(query, (sorted(kept),)).fetchall())}


def of_objects(source: psycopg.Connection, names: dict[int, str], left: Collection[str], gone: Gone) -> Iterator[str]:
    for word, target, public, given in lists(source, left, gone):
        if public:
            yield f"REVOKE ALL ON {word} {target} FROM PUBLIC"
        yield from granted(f"{word} {target}", given, names)


def lists(source: psycopg.Connection, left: Collection[str], gone: Gone) -> Iterator[tuple[str, str, bool, list]]:
    """Of each object with a list of rights: what GRANT calls it, its name, whether PUBLIC has something by itself, and
    the list, of role, privilege and grant option."""
    for word, name, acl, owner, public, tables, condition, catalog, alias in KINDS:
        query = f"""
            SELECT {name}, (SELECT coalesce(json_agg(json_build_array(x.grantee::bigint, x.privilege_type, x.is_grantable)), '[]')
                FROM aclexplode({acl}) x WHERE x.grantee <> {owner})
            FROM {tables} WHERE {acl} IS NOT NULL AND {condition} AND {TEAM} AND {STAYS.format(catalog, alias)} AND NOT EXISTS (
                SELECT FROM pg_depend e WHERE e.classid = '{catalog}'::regclass AND e.objid = {alias}.oid AND e.deptype = 'e')
            ORDER BY 1"""
        for target, given in source.execute(query, values(left, gone)):
            yield word, target, public, given


def values(left: Collection[str], gone: Gone) -> dict:
    return {"left": list(left), "classes": [number for number, _ in gone], "ids": [id for _, id in gone]}


def granted(target: str, given: list, names: dict[int, str]) -> Iterator[str]:
    """One statement for each role and each kind of grant option."""
    by_role: dict[tuple[int, bool], list[str]] = {}
    for grantee, privilege, option in given:
        if grantee in names:
            by_role.setdefault((grantee, option), []).append(privilege)
    for (grantee, option), privileges in by_role.items():
        more = " WITH GRANT OPTION" if option else ""
        yield f"GRANT {', '.join(sorted(set(privileges)))} ON {target} TO {names[grantee]}{more}"


def of_columns(source: psycopg.Connection, names: dict[int, str], left: Collection[str], gone: Gone) -> Iterator[str]:
    for table, column, privilege, grantee, option in source.execute(COLUMNS, values(left, gone)):
        if grantee in names:
            more = " WITH GRANT OPTION" if option else ""
            yield f"GRANT {privilege} ({column}) ON {table} TO {names[grantee]}{more}"


def of_large_objects(source: psycopg.Connection, names: dict[int, str]) -> Iterator[str]:
    """They keep their numbers in a dump, and belong to no schema."""
    for number, given in source.execute(LARGE_OBJECTS):
        yield from granted(f"LARGE OBJECT {number}", given or [], names)


EVENT_TRIGGERS = """
SELECT format('CREATE EVENT TRIGGER %%I ON %%s %%s EXECUTE FUNCTION %%s()', e.evtname, e.evtevent,
    coalesce('WHEN TAG IN (' || (SELECT string_agg(quote_literal(t), ', ') FROM unnest(e.evttags) t) || ')', ''),
    e.evtfoid::regproc), format('ALTER EVENT TRIGGER %%I %%s', e.evtname,
    CASE e.evtenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' WHEN 'A' THEN 'ENABLE ALWAYS' ELSE 'ENABLE' END)
FROM pg_event_trigger e JOIN pg_proc p ON p.oid = e.evtfoid JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE e.evtname <> ALL (%(events)s) AND n.nspname <> ALL (%(left)s) ORDER BY 1
"""


def event_triggers(source: psycopg.Connection) -> list[str]:
    """The team's own, as statements for an administrator: nobody else may make them."""
    values = {"events": sorted(platform.EVENT_TRIGGERS), "left": LEFT}
    return [statement for row in source.execute(EVENT_TRIGGERS, values) for statement in row]
