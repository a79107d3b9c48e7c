"""The database's schema as text that can be committed: the same schema gives the same bytes."""

from __future__ import annotations

import difflib
import re
import subprocess
from typing import TYPE_CHECKING

from slipway.data.endpoints import Emit, Endpoints
from slipway.data.postgres import connection, programs
from slipway.data.postgres.interface import Schema, SchemaText
from slipway.errors import MigrationError

if TYPE_CHECKING:
    import psycopg

OPTIONS = (
    "--schema-only",
    "--no-owner",
    "--no-privileges",
    "--no-tablespaces",
    "--no-subscriptions",
    "--no-security-labels",
    "--encoding=UTF8",
    "--exclude-schema=slipway",
    "--exclude-table=public.schema_migrations",
)
# What pg_dump writes for itself or its reader, and what depends on versions or chance.
NOISE = re.compile(
    r"^(\\(un)?restrict .*|-- (PostgreSQL database dump.*|Dumped (from|by) .*|Name: .*)|--"
    r"|SET (default_table_access_method|transaction_timeout|statement_timeout|lock_timeout"
    r"|idle_in_transaction_session_timeout|default_tablespace|row_security|xmloption"
    r"|client_min_messages|client_encoding|standard_conforming_strings|check_function_bodies) = .*"
    r"|SELECT pg_catalog\.set_config\('search_path', '', false\);)\n",
    re.M,
)
BODY = re.compile(r"(\$(\w*)\$.*?\$\2\$)", re.S)
HEAD = "-- The schema that the migrations give, made by ./invoke db.schema. Owners and grants are left out.\n\n"


def schema(ends: Endpoints, args: Schema, emit: Emit) -> SchemaText:
    """The schema as normalised SQL, ending with the applied migrations as comments.

    Raises SettingsError where
    pg_dump is missing or older than the server.
    """
    with (
        connection.connect(ends.migrate_url, "MIGRATE_DATABASE_URL", purpose="slipway schema") as conn,
        connection.told(MigrationError, f"database {conn.info.dbname}"),
    ):
        applied = applied_files(conn)
        dumped = dump(ends, conn.info.dbname, conn.info.server_version // 10000)
    text = HEAD + normalised(dumped) + listed(applied)
    if not args.check:
        return SchemaText(text)
    return SchemaText(text, args.text == text, compared(args.text, text))


def applied_files(conn: psycopg.Connection) -> list[tuple[int, str]]:
    if conn.execute("SELECT to_regclass('slipway.history')").fetchone() == (None,):
        return []
    return conn.execute("SELECT version, name FROM slipway.history ORDER BY version").fetchall()


def dump(ends: Endpoints, database: str, major: int) -> str:
    """pg_dump's text of the schema. Raises MigrationError with its last words."""
    program = programs.folder(ends, major, "pg_dump") / "pg_dump"
    env = programs.environment(ends.migrate_url, "MIGRATE_DATABASE_URL", database, ends.database_owner)
    done = subprocess.run([str(program), *OPTIONS], env=env, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if done.returncode:
        raise MigrationError(
            f"pg_dump of {database}",
            programs.last_words(done.stderr, env),
            "a role that may read the whole schema",
            "./invoke status",
        )
    return done.stdout.decode()


def normalised(dumped: str) -> str:
    """A dump without versions, random marks, session settings and pg_dump's comments; function bodies stay whole."""
    parts = BODY.split(dumped.replace("\r\n", "\n"))
    kept = [
        part if index % 3 == 1 else re.sub(r"\n{3,}", "\n\n", NOISE.sub("", part))
        for index, part in enumerate(parts)
        if index % 3 < 2
    ]
    return "".join(kept).strip() + "\n"


def listed(applied: list[tuple[int, str]]) -> str:
    """The end of the file: which migrations gave it."""
    return "\n-- Migrations applied:\n" + "".join(f"--   {version} {name}\n" for version, name in applied)


def compared(given: str, text: str) -> str:
    """A unified diff from the given file to the database, empty when they are the same."""
    return "".join(difflib.unified_diff(given.splitlines(True), text.splitlines(True), "schema.sql", "the database"))
