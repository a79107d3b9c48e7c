"""Extensions, against those that the target offers."""

from __future__ import annotations

from collections.abc import Iterator

from slipway.supabase import platform
from slipway.supabase.interface import BY_HAND, CHANGES, MOVES, STAYS, Finding
from slipway.supabase.inventory.project import Project, listed

# By the extension: how what it does is had without it.
INSTEAD = {
    "http": "requests sent by the app",
    "hypopg": "nothing needs it to run: it tries indexes out",
    "index_advisor": "nothing needs it to run: it advises on indexes",
    "pg_cron": platform.INSTEAD["cron"],
    "pg_graphql": platform.INSTEAD["graphql"],
    "pg_net": platform.INSTEAD["net"],
    "pg_tle": platform.INSTEAD["pgtle"],
    "pgaudit": "the server's own log: log_statement",
    "pgmq": platform.INSTEAD["pgmq"],
    "pgsodium": platform.INSTEAD["pgsodium"],
    "plv8": "the same functions in PL/pgSQL",
    "supabase_vault": platform.INSTEAD["vault"],
    "wrappers": "the app asks the other service itself",
}
# SQL and nothing else: its functions can be a migration of the team's.
AS_MIGRATION = {"pgjwt": "sign() and verify() are plain SQL over pgcrypto: write them as a migration"}
NO_USE = {"hypopg", "index_advisor", "pgaudit", "pg_stat_monitor"}

INSTALLED = """
SELECT e.oid, e.extname, e.extversion, n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
WHERE e.extname <> 'plpgsql' ORDER BY 2
"""
# What depends on a member, is none itself, and stands in a schema of the team's.
USERS = """
SELECT DISTINCT pg_describe_object(d.classid, d.objid, d.objsubid) FROM pg_depend m
JOIN pg_depend d ON d.refclassid = m.classid AND d.refobjid = m.objid AND d.deptype IN ('n', 'a')
WHERE m.refclassid = 'pg_extension'::regclass AND m.refobjid = %(oid)s AND m.deptype = 'e'
AND NOT EXISTS (SELECT FROM pg_depend o WHERE o.classid = d.classid AND o.objid = d.objid AND o.deptype = 'e')
AND d.classid <> 'pg_type'::regclass
AND (pg_identify_object_as_address(d.classid, d.objid, d.objsubid)).object_names[1] <> ALL (%(own)s) ORDER BY 1
"""


def find(project: Project) -> Iterator[Finding]:
    for oid, name, version, schema in project.rows(INSTALLED):
        users = [user for (user,) in project.rows(USERS, oid=oid)]
        yield judge(project, name, f"{version} in {schema}", users)


def judge(project: Project, name: str, found: str, users: list[str]) -> Finding:
    """One extension with who uses it. Functions' bodies are not in `users`: those are read as code."""
    used = f"used by {listed(users)}" if users else "nothing in the catalog depends on it"
    if offered := project.target.extensions.get(name):
        here = f"{found}; the target has {offered}"
        return Finding("extension", name, MOVES, f"{here}; {used}")
    if name in AS_MIGRATION:
        return Finding("extension", name, CHANGES, f"{found}; {AS_MIGRATION[name]}; {used}")
    instead = INSTEAD.get(name, "")
    if instead and not users:
        return Finding("extension", name, STAYS, f"{found}; not in the target; instead: {instead}")
    if instead:
        return Finding("extension", name, BY_HAND, f"{found}; not in the target; instead: {instead}; {used}")
    return Finding("extension", name, BY_HAND, f"{found}; not in the target: an image of Postgres that has it; {used}")
