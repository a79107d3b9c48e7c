"""As whom a database is read for a backup, and what the server says of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from slipway.data.endpoints import Endpoints, Secret
from slipway.data.postgres import connection

if TYPE_CHECKING:
    import psycopg

ADMIN, MIGRATE, BACKUP = "ADMIN_DATABASE_URL", "MIGRATE_DATABASE_URL", "POSTGRES_BACKUP_PASSWORD"
PATIENCE = "10s"  # for a lock; what waits behind us waits as long
# What a dump holds and this role may not read: a table or a sequence that somebody else than the owner made, or that
# was taken from it; large objects; subscriptions and user mappings, which show whole to a superuser alone.
BEYOND = """
SELECT EXISTS (SELECT FROM pg_largeobject_metadata) OR EXISTS (SELECT FROM pg_user_mappings)
    OR EXISTS (SELECT FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid WHERE d.datname = current_database())
    OR EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p', 'S') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
        AND NOT (has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')))
"""
DATABASE = """
SELECT pg_get_userbyid(datdba) AS owner, pg_encoding_to_char(encoding) AS encoding, datcollate AS collate,
    datctype AS ctype, CASE datlocprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'libc' END AS locale_provider,
    coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale') AS locale,
    current_setting('server_version') AS server_version, current_setting('server_version_num')::int AS server_version_num,
    (SELECT count(*) FROM pg_largeobject_metadata) AS large_objects
FROM pg_database d WHERE datname = current_database()
"""
EXTENSIONS = "SELECT extname, extversion FROM pg_extension ORDER BY 1"
SEQUENCES = "SELECT format('%I.%I', schemaname, sequencename), last_value FROM pg_sequences ORDER BY 1"


@dataclass(frozen=True)
class Source:
    """A way into the database: the URL, the setting that it comes from, the role to act as, if another, the schemas that
    are left out, what errors call it, if not by its name, and what they tell to type next."""

    url: Secret
    where: str
    database: str
    role: str = ""
    without: tuple[str, ...] = ()
    called: str = ""
    mend: str = connection.LOGS


def choose(ends: Endpoints) -> Source:
    """The backup role of a bundled database; its administrator where that role cannot see all; else who migrates.

    Whoever it is reads past row level security, or pg_dump refuses to write half of a table.
    """
    given = connection.parameters(ends.migrate_url, MIGRATE)
    database = given.get("dbname") or given.get("user", "")
    if not ends.admin_url:
        return Source(ends.migrate_url, MIGRATE, database, ends.database_owner)
    own = backup_role(ends, database)
    return own if own and sees_all(own) else Source(ends.admin_url, ADMIN, database)


def backup_role(ends: Endpoints, database: str) -> Source | None:
    from psycopg.conninfo import make_conninfo

    name = f"{database}_backup"
    if name not in ends.role_passwords:
        return None
    given = connection.parameters(ends.admin_url, ADMIN) | {"user": name, "dbname": database}
    return Source(Secret(make_conninfo(**given | {"password": ends.role_passwords[name].value})), BACKUP, database)


def sees_all(source: Source) -> bool:
    """Whether this role can log in, and nothing is there that it may not read."""
    import psycopg

    try:
        with connection.open_connection(source.url, source.where, purpose="slipway backup") as conn:
            return not conn.execute(BEYOND).fetchone()[0]
    except psycopg.Error:
        return False  # the administrator will say what is wrong with the server, if it is that


def connect(source: Source) -> psycopg.Connection:
    """A session of that role which no timeout ends. Raises GateError."""
    from psycopg import sql

    conn = connection.unhurried(
        connection.connect(source.url, source.where, database=source.database, purpose="slipway backup")
    )
    conn.execute(f"SET lock_timeout = '{PATIENCE}'")
    if source.role:
        conn.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(source.role)))
    return conn


def describe_server(conn: psycopg.Connection) -> dict:
    """The facts of a manifest that the server knows. A sequence may be ahead of it in the dump: none waits for us."""
    from psycopg.rows import dict_row

    facts = conn.cursor(row_factory=dict_row).execute(DATABASE).fetchone()
    return facts | {
        "database": conn.info.dbname,
        "schema_version": schema_version(conn),
        "extensions": dict(conn.execute(EXTENSIONS).fetchall()),
        "sequences": dict(conn.execute(SEQUENCES).fetchall()),
    }


def schema_version(conn: psycopg.Connection) -> int | None:
    """The newest applied migration, or None."""
    if conn.execute("SELECT to_regclass('slipway.history')").fetchone() == (None,):
        return None
    return conn.execute("SELECT max(version) FROM slipway.history").fetchone()[0]
