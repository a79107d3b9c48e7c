"""What the database remembers of its migrations and fixtures: our own tables, and golang-migrate's one row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from slipway.data.endpoints import Endpoints
from slipway.data.migrations.files import Applied, Problem
from slipway.data.migrations.golang_migrate import NIL, Mirror, mirror
from slipway.data.postgres import connection
from slipway.errors import MigrationError

if TYPE_CHECKING:
    import psycopg

TABLES = """
CREATE TABLE IF NOT EXISTS slipway.history (
    version bigint PRIMARY KEY, name text NOT NULL, sha256 text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp(), "by" text NOT NULL, milliseconds double precision);
ALTER TABLE slipway.history
    ADD COLUMN IF NOT EXISTS down_sha256 text, ADD COLUMN IF NOT EXISTS release text NOT NULL DEFAULT '',
    ADD COLUMN IF NOT EXISTS baseline boolean NOT NULL DEFAULT false,
    ADD COLUMN IF NOT EXISTS compatible boolean NOT NULL DEFAULT false;
CREATE TABLE IF NOT EXISTS slipway.unfinished (
    version bigint PRIMARY KEY, way text NOT NULL, target bigint NOT NULL, done integer NOT NULL DEFAULT 0,
    done_sha256 text NOT NULL DEFAULT '', doing boolean NOT NULL DEFAULT false,
    invalid text[] NOT NULL, "by" text NOT NULL, started_at timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE TABLE IF NOT EXISTS slipway.fixtures (
    name text PRIMARY KEY, sha256 text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp(), rows bigint NOT NULL, milliseconds double precision);
"""
THERE = (
    "SELECT to_regclass('slipway.unfinished'), to_regclass('slipway.fixtures'), to_regclass('public.schema_migrations')"
)
MIRROR = "CREATE TABLE IF NOT EXISTS public.schema_migrations (version bigint PRIMARY KEY, dirty boolean NOT NULL)"
FORGET = "DELETE FROM slipway.unfinished; "
AGE = "round(1000 * extract(epoch FROM clock_timestamp() - transaction_timestamp()), 1)"
COLUMNS = """version, name, sha256, to_char(applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS+00:00'), "by",
    milliseconds"""
NEWER, OLDER = "coalesce(down_sha256, ''), release, baseline, compatible", "'', '', false, false"
ADOPT = "./invoke db.adopt"
CLEAN_UP = (
    "./invoke psql: finish or undo that file by hand, then UPDATE schema_migrations SET dirty = false; "
    "then ./invoke db.adopt"
)


def establish(conn: psycopg.Connection, ends: Endpoints) -> None:
    """Makes the tables where they are missing. Raises MigrationError when the role may not."""
    refuse_elsewhere(conn)
    if all(conn.execute(THERE).fetchone()):
        return
    require_create(conn)
    with conn.transaction():
        conn.execute("CREATE SCHEMA IF NOT EXISTS slipway")
        conn.execute(TABLES)
        conn.execute(MIRROR)
        keep_from_app(conn, ends)


def refuse_elsewhere(conn: psycopg.Connection) -> None:
    """Raises MigrationError when golang-migrate keeps its row in another schema: search_path decided that at its start."""
    (schema,) = conn.execute(
        "SELECT current_schema() WHERE current_schema() <> 'public' AND "
        "to_regclass(format('%I.schema_migrations', current_schema())) IS NOT NULL AND "
        "to_regclass('public.schema_migrations') IS NULL"
    ).fetchone() or (None,)
    if schema:
        table = f"{connection.identifier(schema)}.schema_migrations"
        raise MigrationError(
            table,
            "golang-migrate keeps its row there, because search_path begins with that schema",
            "the row in public, where this runner and golang-migrate both look for it",
            f"./invoke psql: ALTER TABLE {table} SET SCHEMA public; and call golang-migrate with "
            'x-migrations-table-quoted=true&x-migrations-table="public"."schema_migrations"',
        )


def require_create(conn: psycopg.Connection) -> None:
    """Raises MigrationError with the GRANT to run when this role may not create schemas or tables."""
    user, database, in_database, in_public = conn.execute(
        "SELECT current_user, current_database(), has_database_privilege(current_database(), 'CREATE') "
        "OR to_regnamespace('slipway') IS NOT NULL, has_schema_privilege('public', 'CREATE') "
        "OR to_regclass('public.schema_migrations') IS NOT NULL"
    ).fetchone()
    if not (in_database and in_public):
        what = f'DATABASE "{database}"' if not in_database else "SCHEMA public"
        raise MigrationError(
            f"database {database}",
            f"role {user} may not create in {what}",
            "a migrating role that may create schemas and tables",
            f'./invoke psql, as the database\'s owner: GRANT CREATE ON {what} TO "{user}"',
        )


def keep_from_app(conn: psycopg.Connection, ends: Endpoints) -> None:
    """Takes the history out of the app role's reach, which default privileges gave it."""
    from psycopg import sql

    name = connection.parameters(ends.app_database_url, "DATABASE_URL").get("user", "") if ends.app_database_url else ""
    if not name or conn.execute("SELECT %s IN (current_user, session_user)", (name,)).fetchone()[0]:
        return
    app = sql.Identifier(name)
    conn.execute(sql.SQL("REVOKE ALL ON SCHEMA slipway FROM {}").format(app))
    conn.execute(sql.SQL("REVOKE INSERT, UPDATE, DELETE ON public.schema_migrations FROM {}").format(app))


def read(conn: psycopg.Connection) -> dict[int, Applied]:
    """The applied migrations by number. A table of the first version of this tool lacks the newer columns."""
    newer = conn.execute(
        "SELECT count(*) FROM pg_attribute WHERE attrelid = 'slipway.history'::regclass AND attname = 'compatible'"
    ).fetchone()[0]
    rows = conn.execute(
        f"SELECT {COLUMNS}, {NEWER if newer else OLDER} FROM slipway.history "  # noqa: S608 (ours)
        "ORDER BY version"
    ).fetchall()
    return {row[0]: Applied(*row) for row in rows}


@dataclass(frozen=True)
class Unfinished:
    """A file without a transaction that stopped: after `done` statements, perhaps in the middle of the next."""

    version: int
    way: str
    target: int
    done: int
    done_sha256: str
    doing: bool
    invalid: tuple[str, ...]


def find_unfinished(conn: psycopg.Connection) -> Unfinished | None:
    """The file that a run stopped in, if there is one."""
    if conn.execute("SELECT to_regclass('slipway.unfinished')").fetchone() == (None,):
        return None
    row = conn.execute(
        "SELECT version, way, target, done, done_sha256, doing, invalid FROM slipway.unfinished"
    ).fetchone()
    return Unfinished(*row[:-1], tuple(row[-1])) if row else None


def disagreement(conn: psycopg.Connection, history: dict[int, Applied]) -> Problem | None:
    """What golang-migrate's row says when it is not what our history says."""
    row, newest, stopped = mirror(conn), max(history, default=NIL), find_unfinished(conn)
    if stopped and row == Mirror(stopped.target, True):
        return None
    if row.dirty:
        return Problem(
            "public.schema_migrations",
            f"version {row.version} is dirty: golang-migrate stopped in its middle",
            "a database in a known state",
            CLEAN_UP,
        )
    if row.version == newest:
        return None
    return Problem(
        "public.schema_migrations",
        f"says version {describe_version(row.version)}, slipway.history says {describe_version(newest)}",
        "both the same: another tool migrated this database",
        ADOPT,
    )


def describe_version(version: int) -> str:
    return "None" if version == NIL else str(version)


def own_statements(ends: Endpoints) -> str:
    """Role and search_path for the rest of this transaction, whatever a file left."""
    role = connection.identifier(ends.database_owner) if ends.database_owner else "NONE"
    return f"SET LOCAL SESSION AUTHORIZATION DEFAULT; SET LOCAL ROLE {role}; SET LOCAL search_path = pg_catalog; "


def up_rows(row: Applied) -> str:
    """The statements that record a file as applied; how long it took is the age of the transaction."""
    fields = (row.name, row.sha256, row.down_sha256 or None, row.release, row.baseline, row.compatible)
    age = "NULL" if row.baseline else AGE if row.ms is None else str(row.ms)
    return (
        'INSERT INTO slipway.history ("by", milliseconds, version, name, sha256, down_sha256, release, baseline, '  # noqa: S608
        f"compatible) VALUES (coalesce(nullif({connection.literal(row.by)}, ''), session_user), {age}, {row.version:d}, "
        f"{', '.join(map(connection.literal, fields))}); "
    )


def disk(waited_for: bool) -> str:
    """The statement that says whether this transaction's COMMIT waits for the disk, as the server is set up to.

    One that does not wait is never half there either: the WAL keeps the order (PostgreSQL manual, "Asynchronous
    Commit"), and whoever waits later waits for it too.
    """
    return f"SET LOCAL synchronous_commit = {'DEFAULT' if waited_for else 'off'}; "


def down_rows(version: int) -> str:
    """The statement that forgets a file."""
    return f"DELETE FROM slipway.history WHERE version = {version:d}; "  # noqa: S608 (a number)


def mirror_rows(version: int, dirty: bool = False) -> str:
    """golang-migrate's SetVersion: at most one row, and none for the clean nil version."""
    insert = f"INSERT INTO public.schema_migrations (version, dirty) VALUES ({version:d}, {dirty}); "  # noqa: S608
    # DELETE and not its TRUNCATE, which nobody could read beside: the row that is left is the same.
    return "DELETE FROM public.schema_migrations; " + ("" if version == NIL and not dirty else insert)  # noqa: S608


def begin_rows(state: Unfinished, by: str) -> str:
    """The statement that writes that a file without a transaction is begun."""
    values = ", ".join(map(connection.literal, (state.version, state.way, state.target)))
    return (
        'INSERT INTO slipway.unfinished (version, way, target, invalid, "by") VALUES '  # noqa: S608
        f"({values}, {connection.literal(list(state.invalid))}::text[], "
        f"coalesce(nullif({connection.literal(by)}, ''), session_user)); "
    )


def step_rows(version: int, done: int, sha256: str, doing: bool = False) -> str:
    """The statement that counts the statements that are done; `doing`: the next one is on its way."""
    values = f"done = {done:d}, done_sha256 = '{sha256}', doing = {doing}"
    return f"UPDATE slipway.unfinished SET {values} WHERE version = {version:d}; "  # noqa: S608 (numbers, a hash)


def read_fixtures(conn: psycopg.Connection) -> dict[str, str]:
    """The sha256 of each loaded fixture by file name."""
    return dict(conn.execute("SELECT name, sha256 FROM slipway.fixtures").fetchall())


def record_fixture(
    conn: psycopg.Connection, ends: Endpoints, name: str, sha256: str, rows: int, milliseconds: float
) -> None:
    """Writes the row of a loaded fixture in its own transaction."""
    conn.execute(own_statements(ends))
    conn.execute(
        "INSERT INTO slipway.fixtures (name, sha256, rows, milliseconds) VALUES (%s, %s, %s, %s) ON CONFLICT "
        "(name) DO UPDATE SET sha256 = excluded.sha256, rows = excluded.rows, milliseconds = "
        "excluded.milliseconds, applied_at = excluded.applied_at",
        (name, sha256, rows, milliseconds),
    )
