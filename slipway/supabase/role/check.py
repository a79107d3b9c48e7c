"""`supabase.role --check`: whether the role of DATABASE_URL may no more in the project than its users may."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from slipway.data.endpoints import Emit, Endpoints
from slipway.data.postgres import connection
from slipway.data.restore import proof
from slipway.data.restore.interface import Check
from slipway.data.verb import Nothing
from slipway.errors import GateError, SettingsError
from slipway.supabase import source
from slipway.supabase.interface import CheckedRole
from slipway.supabase.role import ways

if TYPE_CHECKING:
    import psycopg

WHERE = "DATABASE_URL"
ACTS_AS = ("anon", "authenticated")
SERVICE = "service_role"
TOO_MUCH = """
SELECT word FROM pg_roles r, LATERAL (VALUES (rolsuper, 'SUPERUSER'), (rolbypassrls, 'BYPASSRLS'),
    (rolcreaterole, 'CREATEROLE'), (rolcreatedb, 'CREATEDB'), (rolreplication, 'REPLICATION'), (rolinherit, 'INHERIT'))
    AS v (has, word) WHERE r.rolname = current_user AND v.has
"""
OWNS = """
SELECT DISTINCT pg_describe_object(d.classid, d.objid, 0) FROM pg_shdepend d
WHERE d.deptype = 'o' AND d.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND pg_has_role(d.refobjid, 'USAGE') AND d.refclassid = 'pg_authid'::regclass ORDER BY 1
"""
TABLES = """
SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
    AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, %s) ORDER BY 1
"""
BY_ITSELF = "SELECT, INSERT, UPDATE, DELETE, TRUNCATE"
MAY_ACT = "SELECT coalesce((SELECT pg_has_role(oid, %s) FROM pg_roles WHERE rolname = %s), false)"
SETS = 160000  # the server's version since which a membership may be without SET ROLE
SAMPLE = "SELECT id::text FROM auth.users WHERE deleted_at IS NULL ORDER BY md5(id::text) LIMIT 1"
MOST = 1_000  # rows of a table that are compared: enough to tell a policy that holds from one that does not


def check(ends: Endpoints, args: Nothing, emit: Emit) -> CheckedRole:
    """What the role is, owns and sees, beside what a user of the project sees. Two sessions that only read.

    Raises SettingsError where DATABASE_URL is a role of our own server.
    """
    if ends.admin_url:
        raise SettingsError(
            "POSTGRES",
            "bundled: the app's role is one of this stack's",
            "POSTGRES=external, with DATABASE_URL as the role that ./invoke supabase.role makes",
            "edit .env; ./invoke up",
        )
    given = connection.parameters(ends.app_database_url, WHERE)
    found = ways.way(given.get("host", ""), given.get("port", "5432"))
    with (
        connection.connect(ends.app_database_url, WHERE, timeout=15, purpose="slipway supabase") as app,
        source.snapshot(ends.supabase.db_url) as project,
        connection.told(GateError, WHERE),
    ):
        with app.transaction():
            app.execute("SET LOCAL search_path = ''")
            checks = list(of_itself(app))
        checks += of_others(app, project)
        return CheckedRole(app.execute("SELECT current_user").fetchone()[0], found.name, found.good_for, tuple(checks))


def of_itself(app: psycopg.Connection) -> Iterator[Check]:
    def names(query: str, *values: str) -> list[str]:
        return [name for (name,) in app.execute(query, values)]

    yield proof.wrong("attributes", names(TOO_MUCH), "none that a role of an app should not have")
    yield proof.wrong("owns", [f"owns {name}" for name in names(OWNS)], "nothing")
    visible = [f"may reach {name} without acting as anybody" for name in names(TABLES, BY_ITSELF)]
    yield proof.wrong("by itself", visible, "no table")
    means = "SET" if app.info.server_version >= SETS else "MEMBER"
    may = {role: app.execute(MAY_ACT, (means, role)).fetchone()[0] for role in (*ACTS_AS, SERVICE)}
    told = ", ".join(role for role, so in may.items() if so)
    yield proof.wrong("acts as", [f"may not act as {role}" for role in ACTS_AS if not may[role]], told)


def of_others(app: psycopg.Connection, project: psycopg.Connection) -> Iterator[Check]:
    """What a user of the project, and nobody, see through this role and through the project's own."""
    sampled = project.execute(SAMPLE).fetchone()
    for role, claims in (("anon", {"role": "anon"}), ("authenticated", {"role": "authenticated"})):
        if role == "authenticated" and sampled:
            claims |= {"sub": sampled[0]}
        theirs, ours = (seen(conn, role, claims) for conn in (project, app))
        problems = [
            f"{name}: {ours.get(name, 'not seen')} rows instead of {theirs.get(name, 'none to see')}"
            for name in sorted(theirs.keys() | ours.keys())
            if theirs.get(name) != ours.get(name)
        ]
        who = f"{role}, as one user of the project" if "sub" in claims else role
        yield proof.wrong(f"as {role}", problems, f"sees {len(ours)} tables and views as {who} does")


def seen(conn: psycopg.Connection, role: str, claims: dict) -> dict[str, int | str]:
    """Rows of each table that this role may read with these claims, up to MOST, or the server's word for why not.

    An empty answer where the session may not act as the role.
    """
    import psycopg
    from psycopg import sql

    found: dict[str, int | str] = {}
    try:
        with conn.transaction(force_rollback=True):
            conn.execute("SET LOCAL transaction_read_only = on; SET LOCAL search_path = ''")
            conn.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(role)))
            conn.execute("SELECT set_config('request.jwt.claims', %s, true)", (json.dumps(claims),))
            for (name,) in conn.execute(TABLES, ("SELECT",)).fetchall():
                found[name] = rows(conn, name)
    except psycopg.errors.InsufficientPrivilege:
        return {}  # of SET ROLE, before anything was counted: what a role may act as is a check of its own
    return found


def rows(conn: psycopg.Connection, name: str) -> int | str:
    import psycopg

    try:
        with conn.transaction():
            return conn.execute(f"SELECT count(*) FROM (SELECT FROM {name} LIMIT {MOST}) AS each").fetchone()[0]  # noqa: S608
    except psycopg.Error as error:
        return connection.reason(error)
