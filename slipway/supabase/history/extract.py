"""`supabase.fixtures`: some tables of the copy as seed data: CSV, times in UTC, no secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slipway.data.endpoints import Emit, Endpoints
from slipway.data.postgres import connection, scratch
from slipway.errors import MigrationError, SettingsError
from slipway.supabase.history import text
from slipway.supabase.history.interface import Extract, Extracted, Seed

if TYPE_CHECKING:
    import psycopg

MOST = 10_000  # rows of one table: seed data is read by people, and goes through memory
USERS = "auth.users"
# Of people what rows of others hang on: no hashes, no tokens, no telephone numbers.
SHOWN = "instance_id id aud role email raw_app_meta_data raw_user_meta_data created_at updated_at is_sso_user is_anonymous".split()
COLUMNS = """
SELECT a.attname FROM pg_attribute a WHERE a.attrelid = to_regclass(%s) AND a.attnum > 0 AND NOT a.attisdropped
AND a.attgenerated = '' ORDER BY a.attnum
"""
KEY = """
SELECT array_agg(a.attname ORDER BY array_position(i.indkey::int2[], a.attnum)) FROM pg_index i JOIN pg_attribute a
ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey) WHERE i.indrelid = to_regclass(%s) AND i.indisprimary
"""


def extract(ends: Endpoints, args: Extract, emit: Emit) -> Extracted:
    """Each table as a CSV text, in the order given. Raises SettingsError for a table that is not there or is too large."""
    copy = scratch.at(ends, args.database or scratch.database_of(ends))
    with connection.connect(copy.migrate_url, "MIGRATE_DATABASE_URL", purpose="slipway supabase") as conn:
        with connection.told(MigrationError, f"database {conn.info.dbname}"), conn.transaction():
            conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            conn.execute("SET LOCAL TimeZone = 'UTC'")
            conn.execute("SET LOCAL DateStyle = 'ISO'")
            return Extracted(tuple(seed(conn, table) for table in args.tables))


def seed(conn: psycopg.Connection, table: str) -> Seed:
    from psycopg import sql

    name = sql.Identifier(*table.split(".", 1))
    quoted = name.as_string(conn)
    columns = [column for (column,) in conn.execute(COLUMNS, (quoted,))]
    refuse(table, columns)
    if table == USERS:
        columns = [column for column in columns if column in SHOWN]
    (key,) = conn.execute(KEY, (quoted,)).fetchone()
    order = sql.SQL(", ").join(map(sql.Identifier, key or columns[:1]))
    query = sql.SQL("SELECT {} FROM {} ORDER BY {}").format(
        sql.SQL(", ").join(map(sql.Identifier, columns)), name, order
    )
    (rows,) = conn.execute(
        sql.SQL("SELECT count(*) FROM (SELECT FROM {} LIMIT {}) t").format(name, sql.Literal(MOST + 1))
    ).fetchone()
    if rows > MOST:
        found = f"{table}: more than {MOST:,} rows"
        raise SettingsError(
            "--tables", found, "tables of seed data", "leave it out; ./invoke supabase.copy brings its rows"
        )
    with conn.cursor().copy(sql.SQL("COPY ({}) TO STDOUT (FORMAT csv, HEADER)").format(query)) as stream:
        content = b"".join(stream).decode()
    return Seed(table, rows, *text.masked(content))


def refuse(table: str, columns: list[str]) -> None:
    """Raises SettingsError for what is no table, and for those that hold logins."""
    if not columns:
        raise SettingsError("--tables", f"{table}: no such table in the copy", "[SCHEMA.]TABLE", "./invoke psql \\dt")
    if table.startswith("auth.") and table != USERS:
        raise SettingsError(
            "--tables", f"{table} holds what logs people in", f"{USERS}, without hashes", "leave it out"
        )
