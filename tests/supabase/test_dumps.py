"""A project that is gone: its dumps stand for it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import psycopg
import pytest

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
    """The whole project in the form for several jobs."""
    folder = tmp_path_factory.mktemp("archive dumps")
    pg_dump(project, "--format=directory", f"--file={folder / 'project'}")
    return folder


def connect(stack: WorkingCopy, database: str) -> psycopg.Connection:
    return psycopg.connect(stack.database_url("postgres").rpartition("/")[0] + f"/{database}", autocommit=True)


def test_a_whole_archive_is_copied_as_the_project_would_be(project: Source, stack: WorkingCopy, archive: Path) -> None:
    told = stack.invoke("supabase.copy", "--into", "archived", "--from-dir", str(archive), **GONE)
    assert told.returncode == 0, told.stdout + told.stderr
    assert "extension pg_cron is not here" in told.stdout and "stays behind: trigger tasks webhook" in told.stdout
    assert not [secret for secret in SECRETS if secret in told.stdout]
    proven = stack.invoke("supabase.prove", "--database", "archived")
    for check in ("definitions", "rows", "sequences", "large objects", "logins", "policies"):
        assert f"✓ {check}" in proven.stdout, proven.stdout + proven.stderr


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
