# ruff: noqa: S608 (the parts are constants of this file)
"""Default privileges: what later tables, sequences, functions and types of the team's are granted by themselves.

They belong to the role that makes the objects. In the project that is the owner of its database, and so it is here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from slipway.supabase import platform
from slipway.supabase.copying.rights import granted

if TYPE_CHECKING:
    import psycopg

KINDS = {"r": "TABLES", "S": "SEQUENCES", "f": "FUNCTIONS", "T": "TYPES", "n": "SCHEMAS", "L": "LARGE OBJECTS"}
OWN = sorted(platform.SCHEMAS)
OWNER = "(SELECT datdba FROM pg_database WHERE datname = current_database())"
FROM = """
FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace
WHERE (n.nspname IS NULL OR n.nspname <> ALL (%(own)s))
"""
QUERY = f"""
SELECT d.defaclobjtype::text, quote_ident(n.nspname), (SELECT coalesce(json_agg(json_build_array(
    x.grantee::bigint, x.privilege_type, x.is_grantable)), '[]') FROM aclexplode(d.defaclacl) x WHERE x.grantee <> d.defaclrole)
{FROM} AND d.defaclrole = {OWNER} ORDER BY 2 NULLS FIRST, 1
"""
# What everybody gets of new functions and types is left out: the stack takes it from its live database.
OBJECTS = f"""
SELECT 'default privileges for ' || CASE d.defaclobjtype WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences'
    WHEN 'f' THEN 'functions' WHEN 'T' THEN 'types' WHEN 'n' THEN 'schemas' ELSE 'large objects' END || coalesce(' in ' || quote_ident(n.nspname), ''),
    NULL, array_agg(a::text ORDER BY a::text) AS grants
FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace CROSS JOIN unnest(d.defaclacl) a
WHERE (n.nspname IS NULL OR n.nspname <> ALL (%(own)s)) AND d.defaclrole = {OWNER}
    AND (SELECT max(x.grantee) FROM aclexplode(ARRAY[a]) x) IN (SELECT oid FROM pg_roles WHERE rolname = ANY (%(roles)s))
GROUP BY 1
"""
OTHERS = f"SELECT DISTINCT pg_get_userbyid(d.defaclrole) {FROM} AND d.defaclrole <> {OWNER} ORDER BY 1"


def statements(source: psycopg.Connection, kept: Collection[str]) -> list[str]:
    """ALTER DEFAULT PRIVILEGES for the role that acts, which give the roles `kept`, and PUBLIC, what the project's owner gives."""
    known = source.execute(
        "SELECT oid::bigint, quote_ident(rolname) FROM pg_roles WHERE rolname = ANY (%s)", (sorted(kept),)
    )
    names = {0: "PUBLIC", **dict(known.fetchall())}
    rows = source.execute(QUERY, {"own": OWN}).fetchall()
    return [statement for row in rows for statement in of_kind(*row, names)]


def of_kind(kind: str, schema: str | None, given: list, names: dict[int, str]) -> Iterator[str]:
    """The statements for one kind of objects, in one schema or in all. Pure."""
    prefix = "ALTER DEFAULT PRIVILEGES" + (f" IN SCHEMA {schema}" if schema else "")
    if kind in "fT" and not schema:  # the whole of it: PUBLIC has what is said here, and nothing by itself
        yield f"{prefix} REVOKE ALL ON {KINDS[kind]} FROM PUBLIC"
    for statement in granted(KINDS[kind], given, names):
        yield f"{prefix} {statement}"


def others(conn: psycopg.Connection) -> list[str]:
    """A sentence for each role of the team's whose own default privileges stay behind: here it makes nothing."""
    found = [name for (name,) in conn.execute(OTHERS, {"own": OWN}) if not platform.owns_role(name)]
    return [f"default privileges of role {name}: here the owner alone makes objects" for name in found]
