"""A project that recorded no migrations: its schema as files by kind, which give the copy's schema, and are adopted."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.clone import free_port
from tests.support.supabase.source import PASSWORD, Source, source
from tests.support.working_copy import WorkingCopy, copy_to

# What makes the order hard: functions that need tables, tables and constraints that need functions, rings of them.
HARD = """
create function public.next_code() returns text language sql as $$ select 'c' || nextval('public.invoice_numbers') $$;
create function public.fits(code text) returns boolean language sql immutable as $$ select length(code) < 9 $$;
create table public.codes (code text primary key default public.next_code() check (public.fits(code)), note text);
create view public.code_notes as select code, note from public.codes group by code;
create function public.notes() returns setof public.code_notes language sql stable as $$ table public.code_notes $$;
create view public.all_notes as select * from public.notes();
create function public.find(one public.codes) returns text language sql stable begin atomic; select one.note; end;
create unique index codes_note on public.codes (note);
create table public.code_uses (note text references public.codes (note), found text);
create type public.ring as (a integer);
create function public.rung(public.ring) returns boolean language sql immutable as 'select true';
create domain public.rung as integer check (value > 0);
create publication teams for table public.codes;
comment on view public.code_notes is 'By code';
revoke all on public.codes from anon;
create function billing.due() returns date language sql as 'select current_date';
create function billing.paid() returns date language sql as 'select current_date';
revoke execute on function billing.paid() from public;
revoke execute on function public.next_code() from public, anon;
grant select (code) on public.codes to anon;
grant select on public.code_uses to reporting;
"""


@pytest.fixture(scope="module")
def bare(postgres_of_debian) -> Iterator[Source]:
    """A project whose schema was made by hand in the dashboard."""
    with source(rows=10) as made:
        with made.connect() as team, made.connect("supabase_admin") as admin:
            admin.execute("grant create on database postgres to postgres")
            team.execute(HARD)
            team.execute("delete from supabase_migrations.schema_migrations")
        yield made


@pytest.fixture(scope="module")
def proven(bare: Source) -> Iterator[tuple[WorkingCopy, str]]:
    """A stack with the copy of that project and its written schema, and what was said."""
    folder = Path(tempfile.mkdtemp(prefix="slipway-kinds-"))
    stack = copy_to(folder / "work tree")
    stack.env |= {"HTTP_PORT": str(free_port()), "SUPABASE_DB_URL": bare.url}
    try:
        stack.up()
        done = stack.invoke("supabase.copy", "--yes")
        assert done.returncode == 0, done.stdout + done.stderr
        for path in (*(stack.root / "migrations").iterdir(), *(stack.root / "fixtures").iterdir()):
            path.unlink()
        done = stack.invoke("supabase.migrations")
        assert done.returncode == 0, done.stdout + done.stderr
        yield stack, done.stdout
    finally:
        stack.clean()
        shutil.rmtree(folder)


def test_each_kind_has_a_file_after_the_prelude(proven: tuple[WorkingCopy, str]) -> None:
    stack, told = proven
    files = {path.name: path.read_text() for path in sorted((stack.root / "migrations").iterdir())}
    kinds = [name.partition("_")[2].removesuffix(".up.sql") for name in files if name.endswith(".up.sql")]
    assert kinds[0] == "supabase_prelude" and kinds[-1] == "grants"
    once = ["extensions", "types", "tables", "constraints", "views", "indexes", "foreign_keys", "triggers", "policies"]
    assert [each for each in kinds if each in once] == once and "functions_2" in kinds
    assert "recorded no migrations" in told and "tasks webhook" in told


def test_the_files_hold_the_teams_things_alone_and_no_secret(proven: tuple[WorkingCopy, str]) -> None:
    stack, told = proven
    files = {path.name: path.read_text() for path in (stack.root / "migrations").iterdir()}
    text = "".join(sql for name, sql in files.items() if "prelude" not in name)
    assert "TRIGGER on_auth_user_created" in text and 'POLICY "Buckets can be listed" ON storage.buckets' in text
    assert not re.search(
        r"CREATE (TABLE|FUNCTION|INDEX) (auth|storage)\.|OWNER TO|set_config|\\(un)?restrict [^n]", text
    )
    assert "${SUPABASE_SERVICE_ROLE_KEY}" in text and "eyJ" not in text + told and PASSWORD not in text + told


def test_another_run_writes_the_same_files_and_nothing_into_the_project(
    proven: tuple[WorkingCopy, str], bare: Source
) -> None:
    stack, _ = proven
    with bare.connect("supabase_admin") as admin:
        ask = "select pg_current_xact_id()::text::bigint"
        (before,) = admin.execute(ask).fetchone()
        done = stack.invoke("supabase.migrations", "--to", "again")
        (after,) = admin.execute(ask).fetchone()
    assert done.returncode == 0 and after == before + 1, done.stdout + done.stderr
    files, again = (
        {path.name: path.read_text() for path in (stack.root / folder).iterdir()} for folder in ("migrations", "again")
    )
    assert files == again


def test_they_are_recorded_and_the_stack_goes_on(proven: tuple[WorkingCopy, str]) -> None:
    stack, _ = proven
    status = json.loads(stack.invoke("db.status", "--json").stdout.splitlines()[-1])
    assert {row["state"] for row in status["rows"]} == {"baseline"} and status["problems"] == []
    (stack.root / "migrations/20270101000000_next.up.sql").write_text(
        "create table public.next (id bigint primary key);"
    )
    stack.up()
    assert stack.psql("select to_regclass('public.next') is not null")
