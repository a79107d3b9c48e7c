"""`supabase.history`: what the project's own tool has recorded, without secrets; reads only."""

from __future__ import annotations

from slipway.data.endpoints import Emit, Endpoints
from slipway.data.verb import Nothing
from slipway.errors import SettingsError
from slipway.supabase import source
from slipway.supabase.history import text
from slipway.supabase.history.interface import History, Recorded

TABLE = "supabase_migrations.schema_migrations"
ROWS = "SELECT version, coalesce(name, ''), coalesce(statements, '{}') FROM supabase_migrations.schema_migrations ORDER BY version"
# Those of before 2026-05-30 grant new tables by themselves.
EXPLICIT = """
SELECT NOT EXISTS (SELECT FROM pg_default_acl d JOIN pg_namespace n ON n.oid = d.defaclnamespace, aclexplode(d.defaclacl) a
    WHERE n.nspname = 'public' AND d.defaclobjtype = 'r' AND a.grantee = to_regrole('anon') AND a.privilege_type = 'SELECT')
"""


def read(ends: Endpoints, args: Nothing, emit: Emit) -> History:
    """The recorded migrations in order, secrets replaced by the names of settings. Raises SettingsError for none."""
    with source.snapshot(ends.supabase.db_url) as conn:
        if not source.readable(conn, TABLE):
            raise SettingsError(
                TABLE,
                "not in the project, or not for this role to read",
                "the history that the Supabase CLI keeps",
                "role postgres in SUPABASE_DB_URL; where the schema was made by hand: ./invoke db.new, and ./invoke psql \\d",
            )
        rows = conn.execute(ROWS).fetchall()
        (explicit,) = conn.execute(EXPLICIT).fetchone()
    return History(tuple(recorded(*row) for row in rows), explicit)


def recorded(version: str, name: str, statements: list[str]) -> Recorded:
    masked = [text.masked(each) for each in statements]
    settings = sorted({setting for _, names in masked for setting in names})
    return Recorded(version, name, tuple(statement for statement, _ in masked), tuple(settings))
