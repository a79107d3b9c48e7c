"""What the database remembers of its migrations and fixtures: our own tables, and golang-migrate's one row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slipway.data import pg
from slipway.data.endpoints import Endpoints
from slipway.data.migrations import Applied, Migration, Problem
from slipway.errors import MigrationError

if TYPE_CHECKING:
    import psycopg

TABLES = """
CREATE TABLE IF NOT EXISTS slipway.history (
    version bigint PRIMARY KEY, name text NOT NULL, sha256 text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp(), "by" text NOT NULL, milliseconds double precision);
CREATE TABLE IF NOT EXISTS slipway.fixtures (
    name text PRIMARY KEY, sha256 text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp(), rows bigint NOT NULL, milliseconds double precision);
"""
MIRROR = "CREATE TABLE IF NOT EXISTS public.schema_migrations (version bigint PRIMARY KEY, dirty boolean NOT NULL)"
ADOPT = "./invoke db.adopt"


def establish(conn: psycopg.Connection, ends: Endpoints) -> None:
    """Makes the tables where they are missing. Raises MigrationError when the role may not."""
    seen = conn.execute("SELECT to_regclass('slipway.history'), to_regclass('slipway.fixtures'), "
                        "to_regclass('public.schema_migrations')").fetchone()
    if all(seen):
        return
    require_create(conn)
    with conn.transaction():
        conn.execute("CREATE SCHEMA IF NOT EXISTS slipway")
        conn.execute(TABLES)
        conn.execute(MIRROR)
        keep_from_app(conn, ends)


def require_create(conn: psycopg.Connection) -> None:
    """Raises MigrationError with the GRANT to run when this role may not create schemas or tables."""
    user, database, in_database, in_public = conn.execute(
        "SELECT current_user, current_database(), has_database_privilege(current_database(), 'CREATE') "
        "OR to_regnamespace('slipway') IS NOT NULL, has_schema_privilege('public', 'CREATE') "
        "OR to_regclass('public.schema_migrations') IS NOT NULL").fetchone()
    if not (in_database and in_public):
        what = f'DATABASE "{database}"' if not in_database else "SCHEMA public"
        raise MigrationError(f"database {database}", f"role {user} may not create in {what}",
                             "a migrating role that may create schemas and tables",
                             f'./invoke psql, as the database\'s owner: GRANT CREATE ON {what} TO "{user}"')


def keep_from_app(conn: psycopg.Connection, ends: Endpoints) -> None:
    """Takes the history out of the app role's reach, which default privileges gave it."""
    from psycopg import sql
    if not ends.database_owner or not ends.app_database_url:
        return
    app = sql.Identifier(pg.parameters(ends.app_database_url, "DATABASE_URL").get("user", ""))
    conn.execute(sql.SQL("REVOKE ALL ON SCHEMA slipway FROM {}").format(app))
    conn.execute(sql.SQL("REVOKE INSERT, UPDATE, DELETE ON public.schema_migrations FROM {}").format(app))


def read(conn: psycopg.Connection) -> dict[int, Applied]:
    """The applied migrations by number."""
    rows = conn.execute("SELECT version, name, sha256 FROM slipway.history").fetchall()
    return {row[0]: Applied(*row) for row in rows}


def disagreement(conn: psycopg.Connection, history: dict[int, Applied]) -> Problem | None:
    """What golang-migrate's row says when it is not what our history says."""
    row = conn.execute("SELECT version, dirty FROM public.schema_migrations").fetchone()
    newest = max(history, default=None)
    if row and row[1]:
        return Problem("public.schema_migrations", f"version {row[0]} is dirty: golang-migrate stopped in its middle",
                       "a database in a known state",
                       "./invoke psql: finish or undo that file by hand, then set dirty to false")
    version = row[0] if row else None
    if version == newest:
        return None
    return Problem("public.schema_migrations", f"says version {version}, slipway.history says {newest}",
                   "both the same: another tool migrated this database", ADOPT)


def record(conn: psycopg.Connection, ends: Endpoints, file: Migration, by: str, milliseconds: float) -> None:
    """Writes both rows of an applied file in its own transaction, whatever role or search_path the file left."""
    own_again(conn, ends)
    conn.execute('INSERT INTO slipway.history (version, name, sha256, "by", milliseconds) '
                 "VALUES (%s, %s, %s, coalesce(nullif(%s, ''), session_user), %s)",
                 (file.version, file.name, file.sha256, by, milliseconds))
    conn.execute("DELETE FROM public.schema_migrations")
    conn.execute("INSERT INTO public.schema_migrations (version, dirty) VALUES (%s, false)", (file.version,))


def read_fixtures(conn: psycopg.Connection) -> dict[str, str]:
    """The sha256 of each loaded fixture by file name."""
    return dict(conn.execute("SELECT name, sha256 FROM slipway.fixtures").fetchall())


def record_fixture(conn: psycopg.Connection, ends: Endpoints, name: str, sha256: str, rows: int,
                   milliseconds: float) -> None:
    """Writes the row of a loaded fixture in its own transaction."""
    own_again(conn, ends)
    conn.execute("INSERT INTO slipway.fixtures (name, sha256, rows, milliseconds) VALUES (%s, %s, %s, %s) ON CONFLICT "
                 "(name) DO UPDATE SET sha256 = excluded.sha256, rows = excluded.rows, milliseconds = "
                 "excluded.milliseconds, applied_at = excluded.applied_at", (name, sha256, rows, milliseconds))


def own_again(conn: psycopg.Connection, ends: Endpoints) -> None:
    """Role and search_path for the rest of this transaction."""
    from psycopg import sql
    conn.execute("SET LOCAL SESSION AUTHORIZATION DEFAULT")
    role = sql.Identifier(ends.database_owner) if ends.database_owner else sql.SQL("NONE")
    conn.execute(sql.SQL("SET LOCAL ROLE {}").format(role))
    conn.execute("SET LOCAL search_path = pg_catalog")
