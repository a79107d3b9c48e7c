"""`supabase.history`: what the project's own tool has recorded, or else its schema by kinds, without secrets; reads only."""

from __future__ import annotations

from collections.abc import Sequence

from slipway.data.endpoints import Emit, Endpoints
from slipway.data.verb import Nothing
from slipway.errors import SettingsError
from slipway.supabase import source
from slipway.supabase.history import text
from slipway.supabase.history.interface import History, Recorded
from slipway.supabase.kinds import take

TABLE = "supabase_migrations.schema_migrations"
ROWS = "SELECT version, coalesce(name, ''), coalesce(statements, '{}') FROM supabase_migrations.schema_migrations ORDER BY version"
# Those of before 2026-05-30 grant new tables by themselves.
EXPLICIT = """
SELECT NOT EXISTS (SELECT FROM pg_default_acl d JOIN pg_namespace n ON n.oid = d.defaclnamespace, aclexplode(d.defaclacl) a
    WHERE n.nspname = 'public' AND d.defaclobjtype = 'r' AND a.grantee = to_regrole('anon') AND a.privilege_type = 'SELECT')
"""


def read(ends: Endpoints, args: Nothing, emit: Emit) -> History:
    """The recorded migrations in order, secrets replaced by the names of settings.

    The schema by kinds of objects where nothing is recorded. Raises SettingsError for a history that this role may not read.
    """
    with source.snapshot(ends.supabase.db_url) as conn:
        is_readable = source.readable(conn, TABLE)
        if is_readable is False:
            raise SettingsError(
                TABLE,
                "not for this role to read",
                "role postgres of the project",
                "edit SUPABASE_DB_URL in .env: dashboard, Connect",
            )
        rows = conn.execute(ROWS).fetchall() if is_readable else []
        (explicit,) = conn.execute(EXPLICIT).fetchone()
    if rows:
        return History(tuple(recorded(*row) for row in rows), explicit)
    kinds, left = take.take(ends, emit)
    return History(
        tuple(recorded(each.number, each.name, each.statements) for each in kinds), explicit, recorded=False, left=left
    )


def recorded(version: str, name: str, statements: Sequence[str]) -> Recorded:
    masked = [text.masked(each) for each in statements]
    settings = sorted({setting for _, names in masked for setting in names})
    return Recorded(version, name, tuple(statement for statement, _ in masked), tuple(settings))
