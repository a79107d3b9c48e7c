"""What `supabase db dump` writes, without the Supabase CLI: pg_dump with its flags, and its text filters line by line.

The three files are those of `supabase db dump`, `--data-only` and `--role-only`. The filters are its sed commands, with what
they break: they do not know where a text begins.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

from tests.support.supabase.source import Source

INTERNAL = (
    "information_schema|pg_*|_analytics|_realtime|_supavisor|auth|etl|extensions|pgbouncer|realtime|storage|"
    "supabase_functions|supabase_migrations|cron|dbdev|graphql|graphql_public|net|pgmq|pgsodium|pgsodium_masks|pgtle|repack|"
    "tiger|tiger_data|timescaledb_*|_timescaledb_*|topology|vault"
)
NO_ROWS = (
    "information_schema|pg_*|graphql|graphql_public|pgsodium|pgsodium_masks|pgtle|repack|tiger|tiger_data|timescaledb_*|"
    "_timescaledb_*|topology|vault|etl|extensions|pgbouncer|realtime|supabase_migrations|_analytics|_realtime|_supavisor"
)
RESERVED = (
    r"(anon|authenticated|authenticator|cli_login_.*|dashboard_user|pgbouncer|postgres|service_role|supabase_.*|"
    r"pgsodium_keyholder|pgsodium_keyiduser|pgsodium_keymaker|pgtle_admin)"
)
ALLOWED = r"(pgaudit.*|pgrst.*|session_replication_role|statement_timeout|track_io_timing)"
SCHEMAS = INTERNAL.replace("*", ".*")
OUT = r"-- \g<0>"
SCHEMA_FILTERS = (
    (r"^\\(un)?restrict .*$", OUT),
    (r'^CREATE SCHEMA "', 'CREATE SCHEMA IF NOT EXISTS "'),
    (r'^CREATE TABLE "', 'CREATE TABLE IF NOT EXISTS "'),
    (r'^CREATE SEQUENCE "', 'CREATE SEQUENCE IF NOT EXISTS "'),
    (r'^CREATE VIEW "', 'CREATE OR REPLACE VIEW "'),
    (r'^CREATE FUNCTION "', 'CREATE OR REPLACE FUNCTION "'),
    (r'^CREATE TRIGGER "', 'CREATE OR REPLACE TRIGGER "'),
    (r'^CREATE PUBLICATION "supabase_realtime.*$', OUT),
    (r"^CREATE EVENT TRIGGER .*$", OUT),
    (r"^         WHEN TAG IN .*$", OUT),
    (r"^   EXECUTE FUNCTION .*$", OUT),
    (r"^ALTER EVENT TRIGGER .*$", OUT),
    (r"^ALTER PUBLICATION \"supabase_realtime_.*$", OUT),
    (r"^ALTER FOREIGN DATA WRAPPER .* OWNER TO .*$", OUT),
    (r'^ALTER DEFAULT PRIVILEGES FOR ROLE "supabase_admin".*$', OUT),
    (r"^GRANT ALL ON FOREIGN DATA WRAPPER .*$", OUT),
    (rf'^(GRANT|REVOKE) .* ON .* "({SCHEMAS})".*$', OUT),
    (r'^(CREATE EXTENSION IF NOT EXISTS "(?:pg_tle|pgsodium|pgmq)").*$', r"\1;"),
    (r"^COMMENT ON EXTENSION .*$", OUT),
    (r'^CREATE POLICY "cron_job_.*$', OUT),
    (r'^ALTER TABLE "cron".*$', OUT),
    (r"^SET transaction_timeout = 0;$", OUT),
)
ROLE_FILTERS = (
    (r"^\\(un)?restrict .*$", OUT),
    (rf'^CREATE ROLE "{RESERVED}".*$', OUT),
    (rf'^ALTER ROLE "{RESERVED}".*$', OUT),
    (rf'^-- (.* SET "{ALLOWED}" .*)$', r"\1"),
    (r" (NOSUPERUSER|NOREPLICATION)", ""),
    (rf'^GRANT ".*" TO "{RESERVED}".*$', OUT),
)


def dump(project: Source, folder: Path, *, keep_comments: bool = False) -> None:
    """Writes the three files, under names that tell nothing; with the flag --keep-comments, or without."""
    base = ["--quote-all-identifier", "--role=postgres"]
    schema = run(project, "pg_dump", "--schema-only", *base, *excluded(INTERNAL))
    # The stand-in for pgvector is no extension, so that its type is in a schema that the CLI leaves out.
    with project.connect() as conn:
        is_real = conn.execute("select from pg_extension where extname = 'vector'").fetchone()
    before = "" if is_real else 'CREATE DOMAIN "extensions"."vector" AS real[];\n'
    write(
        folder / "1.sql",
        before
        + (filtered(schema, SCHEMA_FILTERS) if keep_comments else without_comments(filtered(schema, SCHEMA_FILTERS))),
    )
    own = [
        f"--exclude-table={name}"
        for name in ("auth.schema_migrations", "storage.migrations", "supabase_functions.migrations")
    ]
    rows = run(
        project, "pg_dump", "--data-only", *base, *excluded(NO_ROWS), *own, "--schema=*", "--column-inserts",
        "--rows-per-insert=100000",
    )  # fmt: skip
    write(folder / "0.sql", "SET session_replication_role = replica;\n" + filtered(rows, SCHEMA_FILTERS[:1]))
    roles = run(
        project, "pg_dumpall", "--roles-only", "--role=postgres", "--quote-all-identifier", "--no-role-passwords",
        "--no-comments",
    )  # fmt: skip
    write(folder / "2.sql", without_comments(filtered(roles, ROLE_FILTERS)))


def excluded(schemas: str) -> list[str]:
    return [f"--exclude-schema={schemas}"]


def run(project: Source, program: str, *words: str) -> str:
    """As the superuser, for role postgres of the tests' project is not let past the pg_authid that pg_dumpall reads."""
    ended = subprocess.run(
        [str(project.programs / program), *words, "-d", project.admin_url],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def filtered(text: str, filters: Iterable[tuple[str, str]]) -> str:
    for pattern, instead in filters:
        text = re.sub(pattern, instead, text, flags=re.M)
    return text


def without_comments(text: str) -> str:
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith("--"))


def write(path: Path, text: str) -> None:
    path.write_text(f"{text.rstrip()}\nRESET ALL;\n", encoding="utf-8")
