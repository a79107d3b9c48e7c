# ruff: noqa: S608 (the parts are constants of this package)
"""Schemas, tables, views, sequences, types, large objects, publications, foreign servers: what stands in the catalog."""

from __future__ import annotations

from collections.abc import Iterator

from slipway.supabase import platform
from slipway.supabase.interface import BY_HAND, CHANGES, MOVES, STAYS, Finding
from slipway.supabase.inventory.project import TEAM, Project, counted, listed, no_member

KINDS = {"r": "table", "p": "table", "v": "view", "m": "materialized view", "S": "sequence", "f": "foreign table"}

RELATIONS = f"""
SELECT c.oid::regclass::text, c.relkind::text, greatest(c.reltuples, 0)::bigint, c.relrowsecurity,
    c.relreplident::text, c.relpersistence::text,
    (SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid), c.relispartition
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND {TEAM} AND {no_member("pg_class", "c")} ORDER BY 1
"""
SCHEMAS = (
    "SELECT n.nspname FROM pg_namespace n WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY 1"
)
TYPES = f"""
SELECT t.oid::regtype::text, t.typtype::text FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN pg_class c ON c.oid = t.typrelid
WHERE (t.typtype IN ('e', 'd', 'r') OR (t.typtype = 'c' AND c.relkind = 'c')) AND {TEAM} AND {no_member("pg_type", "t")}
ORDER BY 1
"""
TYPE_KINDS = {"e": "enum", "d": "domain", "r": "range type", "c": "composite type"}
PUBLICATIONS = """
SELECT p.pubname, coalesce((SELECT array_agg(r.prrelid::regclass::text ORDER BY 1)
    FROM pg_publication_rel r WHERE r.prpubid = p.oid), '{}') FROM pg_publication p ORDER BY 1
"""
SERVERS = """
SELECT s.srvname, w.fdwname, (SELECT count(*) FROM pg_user_mappings u WHERE u.srvid = s.oid) FROM pg_foreign_server s
JOIN pg_foreign_data_wrapper w ON w.oid = s.srvfdw ORDER BY 1
"""


def find(project: Project) -> Iterator[Finding]:
    yield from schemas(project)
    yield from relations(project)
    for name, kind in project.rows(TYPES):
        yield Finding(TYPE_KINDS[kind], name, MOVES)
    yield from publications(project)
    for name, wrapper, mappings in project.rows(SERVERS):
        note = f"{wrapper}, {counted(mappings, 'user mapping')} with passwords that no dump holds"
        yield Finding("foreign server", name, BY_HAND, f"{note}; make it on the target, or let the app ask that server")
    if number := project.rows("SELECT count(*) FROM pg_largeobject_metadata")[0][0]:
        yield Finding("large objects", counted(number, "large object"), MOVES)


def schemas(project: Project) -> Iterator[Finding]:
    for (name,) in project.rows(SCHEMAS):
        if name in platform.MOVED:
            yield Finding("schema", name, CHANGES, "its rows move into the schema of that name which the app has here")
        elif name == platform.EXTENSIONS:
            yield Finding("schema", name, MOVES, "made before anything that names it")
        elif name in platform.SCHEMAS:
            yield Finding("schema", name, STAYS, "Supabase's own")
        else:
            yield Finding("schema", name, MOVES)


def relations(project: Project) -> Iterator[Finding]:
    for name, kind, rows, secured, identity, persistence, policies, partition in project.rows(RELATIONS):
        if kind == "f":
            yield Finding("foreign table", name, BY_HAND, "comes with its foreign server")
            continue
        notes = []
        if kind in "rp":
            notes.append("a partition" if partition else f"about {rows:,} rows")
            notes.append(security(secured, policies))
        if identity == "f":
            notes.append("REPLICA IDENTITY FULL")
        if persistence == "u":
            notes.append("unlogged: a crash empties it")
        yield Finding(KINDS[kind], name, MOVES, "; ".join(notes))


def security(on: bool, policies: int) -> str:
    """Row level security of a table in words. Off, or on without a policy, is worth a second look."""
    if not on:
        return "NO row level security" + (
            f", {counted(policies, 'policy', 'policies')} without effect" if policies else ""
        )
    return counted(policies, "policy", "policies") if policies else "row level security without a policy: closed"


def publications(project: Project) -> Iterator[Finding]:
    for name, tables in project.rows(PUBLICATIONS):
        if name.startswith(platform.PUBLICATION):
            if tables:
                note = f"listened to: {listed(tables)}; instead: {platform.INSTEAD['realtime']}"
                yield Finding("publication", name, STAYS, note)
            else:
                yield Finding("publication", name, STAYS, "Supabase's own, with no table")
        else:
            yield Finding("publication", name, MOVES, listed(tables))
