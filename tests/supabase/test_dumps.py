"""A project that is gone: its dumps stand for it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import psycopg
import pytest

from tests.support.supabase import cli_dump
from tests.support.supabase.source import Source
from tests.support.working_copy import WorkingCopy

GONE = {"SUPABASE_DB_URL": ""}
SECRETS = ("foreign-secret", "eyJ")


def pg_dump(project: Source, *words: str) -> None:
    ended = subprocess.run(
        [str(project.programs / "pg_dump"), *words, project.admin_url], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr


@pytest.fixture(scope="module")
def archive(project: Source, tmp_path_factory) -> Path:
    """The whole project in the form for several jobs, and the settings of roles, which no archive has."""
    folder, texts = tmp_path_factory.mktemp("archive dumps"), tmp_path_factory.mktemp("texts")
    pg_dump(project, "--format=directory", f"--file={folder / 'project'}")
    cli_dump.dump(project, texts)
    shutil.copy(texts / "2.sql", folder / "roles.sql")
    return folder


def connect(stack: WorkingCopy, database: str) -> psycopg.Connection:
    return psycopg.connect(stack.database_url("postgres").rpartition("/")[0] + f"/{database}", autocommit=True)


def test_a_whole_archive_is_copied_as_the_project_would_be(project: Source, stack: WorkingCopy, archive: Path) -> None:
    told = stack.invoke("supabase.copy", "--into", "archived", "--from-dir", str(archive), **GONE)
    assert told.returncode == 0, told.stdout + told.stderr
    assert "extension pg_cron is not here" in told.stdout and "stays behind: trigger tasks webhook" in told.stdout
    assert not [secret for secret in SECRETS if secret in told.stdout]
    proven = stack.invoke("supabase.prove", "--database", "archived")
    for check in ("rows", "sequences", "large objects", "logins", "policies"):
        assert f"✓ {check}" in proven.stdout, proven.stdout + proven.stderr
    # A setting of a database, or of a role in one, is restored from no archive, and in no file of roles.
    missed = [line for line in proven.stdout.splitlines() if line.startswith("      ") and "no bytes" not in line]
    assert missed == [
        "      setting default_statistics_target of the database: missing",
        "      setting work_mem of role reporting: value is 1MB, expected 8MB",
    ]


def test_it_is_proven_against_the_archive_alone(stack: WorkingCopy, archive: Path) -> None:
    words = ("--database", "archived", "--from-dir", str(archive))
    proven = stack.invoke("supabase.prove", *words, **GONE)
    assert "✓ rows" in proven.stdout and "✓ definitions" in proven.stdout, proven.stdout + proven.stderr
    with connect(stack, "archived") as conn:
        conn.execute("delete from auth.users where email = 'gus@example.org'")
    proven = stack.invoke("supabase.prove", *words, **GONE)
    assert proven.returncode == 8 and "auth.users" in proven.stderr + proven.stdout


def test_the_inventory_of_an_archive(stack: WorkingCopy, archive: Path) -> None:
    told = stack.invoke("supabase.inventory", "--from-dir", str(archive), **GONE)
    assert told.returncode == 0 and "! function public.notify_admins(): by hand" in told.stdout, told.stderr


TABLES = """
select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'r' and n.nspname in ('public', 'billing', 'auth', 'storage')
    and c.relname not in ('schema_migrations', 'migrations')
order by 1
"""
HASH = """select count(*), md5(string_agg(t::text, chr(10) order by t::text collate "C")) from {} t"""


def rows(conn: psycopg.Connection) -> dict[str, tuple]:
    """Number and hash of the rows of every table whose rows the texts have."""
    conn.execute("set search_path = ''; set timezone = 'UTC'")
    return {name: conn.execute(HASH.format(name)).fetchone() for (name,) in conn.execute(TABLES).fetchall()}


@pytest.fixture(scope="module")
def texts(project: Source, stack: WorkingCopy, tmp_path_factory) -> tuple[Path, str]:
    """The three files of the Supabase CLI, and what their copy has said."""
    folder = tmp_path_factory.mktemp("cli dumps")
    cli_dump.dump(project, folder, keep_comments=True)
    told = stack.invoke("supabase.copy", "--into", "texts", "--from-dir", str(folder), **GONE)
    assert told.returncode == 0, told.stdout + told.stderr
    return folder, told.stdout


def test_every_row_and_user_of_the_clis_texts_is_in_the_copy(
    project: Source, stack: WorkingCopy, texts: tuple[Path, str]
) -> None:
    with project.connect("supabase_admin") as before, connect(stack, "texts") as after:
        assert rows(before) == rows(after)
        assert after.execute("select count(*) from auth.users").fetchone() == (15,)


def test_it_says_what_those_texts_lack(texts: tuple[Path, str]) -> None:
    for lack in (
        "triggers and policies of the team's on auth and storage",
        "function public.handle_new_user() returns a trigger and none calls it",
        "table pgmq.meta is not in the dumps",
        "stays behind: trigger tasks webhook",
    ):
        assert lack in texts[1]


def test_the_copy_of_the_texts_is_proven_against_them(stack: WorkingCopy, texts: tuple[Path, str]) -> None:
    proven = stack.invoke("supabase.prove", "--database", "texts", "--from-dir", str(texts[0]), **GONE)
    for check in ("definitions", "rows", "sequences", "logins", "policies"):
        assert f"✓ {check}" in proven.stdout, proven.stdout + proven.stderr
