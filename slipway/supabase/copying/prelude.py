"""What the copy needs before the project's objects, and after them, that no dump brings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from slipway.data.postgres import role_spec
from slipway.supabase import platform

if TYPE_CHECKING:
    import psycopg

# As Supabase's roles find it, so that a call without a schema works as before.
SEARCH_PATH = f'"$user", public, {platform.EXTENSIONS}'
INSTALLED = "SELECT e.extname, n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace ORDER BY 1"
# Of these no table of a team's is made; each is the platform's, or works on one database of a server alone.
LEFT = frozenset(
    {"pg_cron", "pg_graphql", "pg_net", "pg_tle", "pgmq", "pgsodium", "plpgsql", "supabase_vault", "wrappers"}
)
AUTH_TABLES = """
SELECT c.oid::regclass::text, c.relrowsecurity FROM pg_class c
WHERE c.relnamespace = to_regnamespace('auth') AND c.relkind IN ('r', 'p') ORDER BY 1
"""


def wanted(source: psycopg.Connection, offered: Iterable[str]) -> tuple[dict[str, str], list[str]]:
    """Extensions to make, each with its schema, and those of the project that the target does not have."""
    found = dict(source.execute(INSTALLED).fetchall())
    there = set(offered)
    make = {name: schema for name, schema in found.items() if name in there and name not in LEFT}
    return make, sorted(found.keys() - make.keys() - {"plpgsql"})


def schemas(source: psycopg.Connection, extensions: Iterable[str]) -> list[tuple[int, int]]:
    """Catalog and number of each schema that has to be there for these extensions, which a dump would make again."""
    query = """
        SELECT DISTINCT 'pg_namespace'::regclass::bigint, extnamespace::bigint FROM pg_extension WHERE extname = ANY (%s)"""
    return source.execute(query, [sorted(extensions)]).fetchall()


def make_extensions(inside: psycopg.Connection, extensions: dict[str, str], owner: str) -> None:
    """The schema extensions, and each extension where the project has it."""
    from psycopg import sql

    for schema in sorted({platform.EXTENSIONS, *extensions.values()} - {"public", "pg_catalog"}):
        words = sql.SQL("CREATE SCHEMA IF NOT EXISTS {} AUTHORIZATION {}")
        inside.execute(words.format(sql.Identifier(schema), sql.Identifier(owner)))
    for name, schema in extensions.items():
        words = sql.SQL("CREATE EXTENSION IF NOT EXISTS {} SCHEMA {} CASCADE")
        inside.execute(words.format(sql.Identifier(name), sql.Identifier(schema)))


def open_logins(inside: psycopg.Connection) -> None:
    """Lets the role that logs people in work with the tables of logins. On Supabase it owns them; here the owner is one."""
    from psycopg import sql

    role = sql.Identifier(role_spec.AUTH_ADMIN)
    inside.execute(sql.SQL("GRANT USAGE ON SCHEMA auth TO {}").format(role))
    inside.execute(sql.SQL("GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA auth TO {}").format(role))
    inside.execute(sql.SQL("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA auth TO {}").format(role))
    for table, secured in inside.execute(AUTH_TABLES).fetchall():
        inside.execute(sql.SQL("GRANT SELECT, INSERT, UPDATE, DELETE ON {} TO {}").format(sql.SQL(table), role))
        if secured:
            words = sql.SQL("CREATE POLICY slipway_logins ON {} TO {} USING (true) WITH CHECK (true)")
            inside.execute(words.format(sql.SQL(table), role))
