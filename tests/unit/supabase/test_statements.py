"""What statements of migrations need of the platform: by what they name, and not by what their texts say."""

from __future__ import annotations

import pytest

from slipway.supabase.statements import needs, split


@pytest.mark.parametrize(
    ("statement", "names"),
    [
        ("select 1 from a join b net on net.id = a.id", ()),
        ("comment on table a is 'calls net.http_post()'", ()),
        ("-- net.http_post()\nselect 1", ()),
        ("select net.http_post('x')", ("net.http_post",)),
        ("do $$ begin perform cron.schedule('a', 'b', 'c'); end $$", ("cron.schedule",)),
        ("create extension if not exists pg_net with schema extensions", ("extension pg_net",)),
        ('create extension "uuid-ossp" with schema extensions', ()),
        ('ALTER PUBLICATION "supabase_realtime" ADD TABLE a', ("publication supabase_realtime",)),
        ("create policy p on realtime.messages using (true)", ("realtime.messages",)),
        ("grant usage on schema cron to postgres", ("schema cron",)),
        ('ALTER TABLE "public"."a" OWNER TO "postgres"', ("role postgres as owner",)),
        ("alter default privileges for role postgres grant all on tables to anon", ("role postgres as owner",)),
        ("create event trigger e on ddl_command_end execute function f()", ("event trigger",)),
        ("create role reporting", ("role reporting",)),
        ("create user mapping for postgres server s", ("user mapping",)),
    ],
)
def test_a_statement_needs(statement: str, names: tuple[str, ...]) -> None:
    assert tuple(each.name for each in needs(statement)) == names


def test_what_a_routine_calls_is_needed_when_it_is_run() -> None:
    (need,) = needs("create function f() returns int language sql as $$ select net.http_get('x') $$")
    assert need.name == "net.http_get" and need.inside


def test_statements_are_the_whole_text() -> None:
    text = "-- one\nselect 1; select 'a;b';\ncreate table a ();"
    assert "".join(each.text for each in split(text)) == text.removeprefix("-- one\n")
