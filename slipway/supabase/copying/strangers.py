# ruff: noqa: S608 (the parts are constants of this file)
"""Objects of the team's in a schema that has a name of the platform's, and so would stay behind with it."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from slipway.data.postgres import cluster
from slipway.errors import SettingsError
from slipway.supabase import platform
from slipway.supabase.inventory.project import listed, no_member

if TYPE_CHECKING:
    import psycopg

RELATIONS = f"""
SELECT 'pg_class'::regclass AS class, c.oid AS id, c.relnamespace AS schema, c.relowner AS owner, c.relname AS name FROM pg_class c
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S') AND NOT c.relispartition AND {no_member("pg_class", "c")}
    AND NOT (c.relkind = 'S' AND EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
        AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')))
"""
FUNCTIONS = f"""
SELECT 'pg_proc'::regclass, p.oid, p.pronamespace, p.proowner, p.proname FROM pg_proc p WHERE {no_member("pg_proc", "p")}
"""
TYPES = f"""
SELECT 'pg_type'::regclass, t.oid, t.typnamespace, t.typowner, t.typname FROM pg_type t
WHERE (t.typtype IN ('e', 'd', 'r') OR EXISTS (SELECT FROM pg_class k WHERE k.oid = t.typrelid AND k.relkind = 'c'))
    AND {no_member("pg_type", "t")}
"""
# Of nobody's that makes things there: no extension, no role of the platform's, not the server of the dumps, which makes
# what rows of the platform's are there for. Queues are told with their messages.
QUERY = f"""
SELECT pg_describe_object(s.class, s.id, 0) FROM ({RELATIONS} UNION ALL {FUNCTIONS} UNION ALL {TYPES}) s
JOIN pg_namespace n ON n.oid = s.schema JOIN pg_roles o ON o.oid = s.owner
WHERE n.nspname = ANY (%(left)s) AND NOT starts_with(o.rolname, %(prefix)s) AND o.rolname <> ALL (%(platforms)s)
    AND NOT (n.nspname = 'pgmq' AND s.name ~ '^[qa]_') AND n.nspname || '.' || s.name <> ALL (%(known)s) ORDER BY 1
"""


def refuse(conn: psycopg.Connection, left: Collection[str]) -> None:
    """Raises SettingsError where something of the team's is in one of the schemas `left`."""
    values = {
        "left": list(left),
        "prefix": platform.ROLE_PREFIX,
        "platforms": sorted({*platform.ROLES - {"postgres", *platform.API_ROLES}, cluster.ADMIN}),
        "known": sorted(platform.TABLES | platform.FUNCTIONS),
    }
    found = [name for (name,) in conn.execute(QUERY, values)]
    if found:
        raise SettingsError(
            "the project's objects",
            f"in a schema that has a name of the platform's, and stays behind: {listed(found)}",
            "what is the team's in schemas of other names",
            "on the project ALTER SCHEMA … RENAME TO …, or ALTER … SET SCHEMA …; then the same command again",
        )
