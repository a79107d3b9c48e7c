"""What a team's own dumps hold is there as it was: no row rewritten, nothing taken for the platform's by its name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from slipway.data.endpoints import Endpoints
from slipway.supabase.dumps import standing
from slipway.system.redact import Secret
from tests.support.supabase import cli_dump
from tests.support.supabase.source import Source

# Named as the platform's schemas are; and its trigger would change the row, and add another.
TEAM = """
create table public.net (id int primary key, changed text);
create table public.vault (id int);
create function public.stamp() returns trigger language plpgsql as
$$ begin new.changed := 'now'; insert into public.vault values (new.id); return new; end $$;
insert into public.net values (1, 'before');
create trigger cron before insert on public.net for each row execute function public.stamp();
comment on trigger cron on public.net is 'of the team';
create policy "of cron" on public.net using (true);
"""
THERE = """
select (select json_agg(n) from public.net n)::text, (select count(*) from public.vault),
    (select array_agg(tgname::text) from pg_trigger where tgrelid = 'public.net'::regclass),
    (select count(*) from pg_policy where polrelid = 'public.net'::regclass)
"""


@pytest.fixture(scope="module")
def team(project: Source) -> Iterator[Source]:
    """A database of the team's alone, on the project's server."""
    url = project.admin_url.removesuffix("postgres") + "team"
    with psycopg.connect(project.admin_url, autocommit=True) as admin:
        admin.execute("create database team")
        try:
            with psycopg.connect(url) as conn:
                conn.execute(TEAM)
            yield replace(project, admin_url=url)
        finally:
            admin.execute("drop database team")


@pytest.mark.parametrize(("definitions", "rows"), [("custom", "plain"), ("plain", "custom")])
def test_rows_alone_are_loaded_as_they_were(
    project: Source, team: Source, tmp_path: Path, definitions: str, rows: str
) -> None:
    for name, kind, what in (("a", definitions, "--schema-only"), ("b", rows, "--data-only")):
        file = tmp_path / f"{name}.{'sql' if kind == 'plain' else 'dump'}"
        cli_dump.run(team, "pg_dump", f"--format={kind}", what, f"--file={file}")
    ends = Endpoints(migrate_url=Secret(project.admin_url))  # the project's own server as the stack's
    with (
        standing.project(ends, str(tmp_path), lambda event: None) as found,
        psycopg.connect(found.ends.supabase.db_url.value) as conn,
    ):
        assert conn.execute(THERE).fetchone() == ('[{"id":1,"changed":"before"}]', 0, ["cron"], 1)
