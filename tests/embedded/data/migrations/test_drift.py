"""Schema, drift, catalog and lint on a real server."""

from __future__ import annotations

import psycopg
import pytest

from slipway.data.postgres import catalog
from slipway.errors import MigrationError, SettingsError
from tests.support import services

BASE = """create type mood as enum ('calm', 'busy');
create table users (id bigint generated always as identity primary key, name text not null, mood mood);
create function greet(text) returns text language sql as $$ select 'hello ' || $1 $$;
create view names as select name from users;"""


@pytest.fixture
def live(stack):
    stack.migration("1_base.up.sql", BASE)
    stack.migration(
        "2_rls.up.sql",
        "alter table users enable row level security; "
        "create policy mine on users using (name = current_user); create index users_name on users (name);",
    )
    stack.run("migrate")
    return stack


def test_a_database_that_only_migrations_changed_has_no_drift(live) -> None:
    live.migration("3_pending.up.sql", "create table later (id int);")
    assert live.run("drift") == {"differences": []}


@pytest.mark.parametrize(
    ("sql", "sentence"),
    [
        ("alter table users add column age int", "column public.users.age: there, but not expected"),
        ("alter table users alter column name drop not null", "column public.users.name: not null is no, expected yes"),
        ("drop index users_name", "index public.users_name: missing"),
        ("drop policy mine on users", "policy mine of public.users: missing"),
        ("alter table users disable row level security", "table public.users: row security is no, expected yes"),
        ("alter type mood add value 'sad'", "type public.mood: labels has also sad"),
        (
            "create or replace function greet(text) returns text language sql as $$ select $1 $$",
            "function public.greet(text): body differs",
        ),
        ("create table strange (id int)", "table public.strange: there, but not expected"),
        ("comment on table users is 'people'", "comment on table public.users: there, but not expected"),
    ],
)
def test_a_change_by_hand_is_one_sentence(live, sql: str, sentence: str) -> None:
    with live.connect("migrate") as conn:
        conn.execute(sql)
    assert sentence in live.run("drift")["differences"]


def test_a_grant_by_hand_is_told(live) -> None:
    with live.connect("migrate") as conn:
        conn.execute("grant select on users to public")
    (found,) = live.run("drift")["differences"]
    assert found.startswith("table public.users: grants has also =r/")


def test_an_edited_file_is_told_with_what_it_would_change(live) -> None:
    live.migration("1_base.up.sql", BASE.replace("name text not null", "name varchar(9) not null"))
    first, *others = live.run("drift")["differences"]
    assert "1_base.up.sql: was edited" in first
    assert any("column public.users.name: type is text, expected character varying(9)" in each for each in others)


def test_without_an_administrator_grants_that_no_migration_made_are_no_drift(live) -> None:
    with live.connect_admin() as conn:
        conn.execute(f"alter role {live.database}_migrate createdb")
    assert live.run("drift", ADMIN_DATABASE_URL="") == {"differences": []}
    with live.connect("migrate") as conn:
        conn.execute("drop view names")
    assert live.run("drift", ADMIN_DATABASE_URL="") == {"differences": ["view public.names: missing"]}


def test_drift_leaves_the_live_database_and_nothing_else(live) -> None:
    with live.connect("admin") as conn:
        before = catalog.snapshot(conn)
    live.run("drift")
    with live.connect("admin") as conn:
        assert catalog.snapshot(conn) == before
        assert conn.execute(
            "select count(*) from pg_database where datname like %s", (f"{live.database}_rehearsal_%",)
        ).fetchone() == (0,)


def test_schema_is_the_same_text_each_time_and_ends_with_the_versions(live) -> None:
    text = live.run("schema")["text"]
    assert text == live.run("schema")["text"]
    assert text.endswith("\n-- Migrations applied:\n--   1 base\n--   2 rls\n")
    assert "CREATE TABLE public.users (" in text and "CREATE POLICY mine" in text
    for absent in ("restrict", "pg_dump version", "schema_migrations", "slipway.history", "OWNER TO", "GRANT"):
        assert absent not in text


def test_schema_text_makes_the_same_schema_again(live) -> None:
    text = live.run("schema")["text"]
    with live.connect_admin() as conn:
        conn.execute(f"create database {live.database}_again")
    with live.connect("admin") as one:
        url = live.url("postgres", services.ADMIN_PASSWORD, f"{live.database}_again")
        with psycopg.connect(url, autocommit=True) as two:
            two.execute(text)
            told = catalog.difference(catalog.snapshot(one), catalog.snapshot(two))
    assert [
        each
        for each in told
        if " owner is " not in each and " grants " not in each and not each.startswith("default privileges")
    ] == []


def test_schema_is_compared_with_a_given_text(live) -> None:
    text = live.run("schema")["text"]
    assert live.run("schema", {"check": True, "text": text})["same"]
    found = live.run("schema", {"check": True, "text": text.replace("name text", "nome text")})
    assert not found["same"]
    assert "-    nome text NOT NULL" in found["diff"] and "+    name text NOT NULL" in found["diff"]


def test_a_pg_dump_that_is_missing_or_too_old_is_said(live, tmp_path, monkeypatch) -> None:
    old = tmp_path / "bin"
    old.mkdir()
    (old / "pg_dump").write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 14.9'\n")
    (old / "pg_dump").chmod(0o755)
    monkeypatch.setattr("slipway.data.postgres.programs.PLACES", ())
    monkeypatch.setattr("slipway.data.postgres.programs.shutil.which", lambda name: None)
    with pytest.raises(SettingsError) as caught:
        live.run("schema", PG_BIN=str(old))
    assert f"14 in {old}; the server is 18" in caught.value.found and "postgresql-client-18" in caught.value.next
    with pytest.raises(SettingsError, match="none; the server is 18"):
        live.run("schema", PG_BIN=str(tmp_path))


def test_lint_takes_what_is_pending_and_knows_the_servers_version(live) -> None:
    live.migration("3_late.up.sql", "alter table users drop column mood;")
    assert [(each["file"], each["rule"]) for each in live.run("lint")["findings"]] == [
        ("migrations/3_late.up.sql", "ban-drop-column")
    ]
    live.run("migrate")
    assert live.run("lint") == {"findings": [], "files": 0}
    assert live.run("lint", {"all": True})["files"] == 3


def test_lint_refuses_what_is_no_migration(live) -> None:
    live.migration("wrong name.sql", "select 1;")
    with pytest.raises(MigrationError):
        live.run("lint")


def test_tables_of_ours_and_members_of_extensions_are_no_part_of_the_catalog(live) -> None:
    with live.connect("admin") as conn:
        names = " ".join(catalog.snapshot(conn))
    assert "slipway" not in names and "schema_migrations" not in names and "plpgsql_call_handler" not in names
    assert "extension plpgsql" in names and "table public.users" in names
