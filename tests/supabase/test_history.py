"""The project's recorded migrations as files of a stack: they give the copy's schema, and the copy goes on from them."""

from __future__ import annotations

import json

import psycopg
import pytest

from tests.support.supabase.history import BEFORE
from tests.support.supabase.source import PASSWORD
from tests.support.working_copy import WorkingCopy

# What somebody does to the copy by hand, and how the proof names it.
CHANGES = (
    ("alter table public.tasks add column by_hand text", "column public.tasks.by_hand: missing"),
    ('drop policy "Own memberships" on public.memberships', 'policy "Own memberships" of public.memberships: there'),
    ("revoke insert on public.profiles from anon", "table public.profiles: grants"),
    ("drop trigger on_auth_user_created on auth.users", "trigger on_auth_user_created of auth.users: there"),
    (
        'drop policy "Buckets can be listed" on storage.buckets',
        'policy "Buckets can be listed" of storage.buckets: there',
    ),
    ("alter function public.is_admin() volatile", "function public.is_admin(): volatility"),
)


@pytest.fixture(scope="module")
def copied(stack: WorkingCopy) -> WorkingCopy:
    """The copy in the place of the live database, and the example's migrations out of the way."""
    done = stack.invoke("supabase.copy", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    return stack


def test_the_examples_migrations_are_in_the_way_and_said(copied: WorkingCopy) -> None:
    refused = copied.invoke("supabase.migrations")
    assert refused.returncode == 5 and "is no migration of the project" in refused.stderr and "--to" in refused.stderr


@pytest.fixture(scope="module")
def proven(copied: WorkingCopy) -> tuple[WorkingCopy, str]:
    """The stack with the written history, and what was said."""
    folder = copied.root / "migrations"
    for path in (*folder.iterdir(), *(copied.root / "fixtures").iterdir()):
        path.unlink()
    (folder / "20231201000000_before.up.sql").write_text(BEFORE)
    done = copied.invoke("supabase.migrations", "--tables", "auth.users,profiles,tasks,billing.invoices")
    assert done.returncode == 0, done.stdout + done.stderr
    return copied, done.stdout


def test_the_files_hold_what_runs_here_and_no_secret(proven: tuple[WorkingCopy, str]) -> None:
    stack, told = proven
    files = {path.name: path.read_text() for path in (stack.root / "migrations").iterdir()}
    assert "001_supabase_prelude.up.sql" in files and files["20231201000000_before.up.sql"] == BEFORE
    platform = files["20240601100000_platform.up.sql"]
    assert "${SUPABASE_SERVICE_ROLE_KEY}" in platform and "eyJ" not in "".join(files.values()) + told
    assert "-- Left out, needs pgmq.create" in platform and "left out, needs pgmq.create" in told
    assert PASSWORD not in told


def test_the_history_is_recorded_and_the_stack_goes_on(proven: tuple[WorkingCopy, str]) -> None:
    stack, _ = proven
    status = json.loads(stack.invoke("db.status", "--json").stdout.splitlines()[-1])
    assert {row["state"] for row in status["rows"]} == {"baseline"} and status["problems"] == []
    (stack.root / "migrations/20270101000000_next.up.sql").write_text(
        "create table public.next (id bigint primary key);"
    )
    stack.up()
    assert stack.psql("select to_regclass('public.next') is not null")


def test_each_difference_is_named_and_ends_with_8(proven: tuple[WorkingCopy, str]) -> None:
    stack, _ = proven
    (stack.root / "migrations/20270101000000_next.up.sql").unlink(missing_ok=True)
    assert stack.invoke("supabase.copy", "--into", "changed").returncode == 0
    with psycopg.connect(stack.database_url("postgres").rpartition("/")[0] + "/changed", autocommit=True) as admin:
        for statement, _ in CHANGES:
            admin.execute(statement)
    done = stack.invoke("supabase.migrations", "--database", "changed")
    assert done.returncode == 8
    assert [words for _, words in CHANGES if words not in done.stderr] == []
    with psycopg.connect(stack.database_url("postgres").rpartition("/")[0] + "/changed") as admin:
        assert admin.execute("select to_regclass('slipway.history')").fetchone() == (None,)


def test_tables_that_were_named_are_fixtures_which_are_loaded_over_the_same_rows(
    proven: tuple[WorkingCopy, str],
) -> None:
    stack, told = proven
    files = {path.name: path.read_text() for path in sorted((stack.root / "fixtures").iterdir())}
    assert list(files) == ["001_auth.users.csv", "002_profiles.csv", "003_tasks.csv", "004_billing.invoices.csv"]
    assert "encrypted_password" not in files["001_auth.users.csv"] and "$2" not in files["001_auth.users.csv"]
    assert "+00" in files["002_profiles.csv"] and "slug" not in files["003_tasks.csv"].splitlines()[0]
    assert "eyJ" not in "".join(files.values()) and "fixtures/003_tasks.csv: ${SUPABASE_TOKEN} stands for" in told
    # The live database has these rows: each is passed over, and none is refused.
    loaded = stack.invoke("db.fixtures")
    assert loaded.returncode == 0, loaded.stdout + loaded.stderr


@pytest.mark.parametrize("table", ["nowhere", "auth.sessions"])
def test_what_is_no_seed_data_is_refused(proven: tuple[WorkingCopy, str], table: str) -> None:
    stack, _ = proven
    refused = stack.invoke("supabase.migrations", "--tables", table)
    assert refused.returncode == 2 and table in refused.stderr
