"""The migrations of this bundle on a database that somebody else runs, on Supabase, and on an older server."""

from __future__ import annotations

import json

import pytest

from slipway.errors import MigrationError
from tests.embedded.data.conftest import Stack, external, stack_on
from tests.support.policies import with_our_files

ANN, BOB = "00000000-0000-4000-8000-00000000000a", "00000000-0000-4000-8000-00000000000b"
# What of Supabase's own schema the migrations meet: it belongs to its auth server, and is granted to who migrates.
AUTH = """
create schema auth authorization supabase_auth_admin;
create table auth.users (like template_users including all);
create table auth.identities (like template_identities including all,
    foreign key (user_id) references auth.users (id) on delete cascade);
drop table template_users, template_identities;
alter table auth.users enable row level security; alter table auth.identities enable row level security;
create function auth.uid() returns uuid language sql stable as
    'select nullif(current_setting(''request.jwt.claim.sub'', true), '''')::uuid';
alter table auth.users owner to supabase_auth_admin; alter table auth.identities owner to supabase_auth_admin;
alter function auth.uid() owner to supabase_auth_admin;
grant usage, create on schema auth to {master}; grant all on all tables in schema auth to {master};
"""
# As older projects have it: without the columns that came later.
STORAGE = """
create schema storage authorization supabase_storage_admin;
create table storage.buckets (id text primary key, name text not null unique, public boolean default false);
create table storage.objects (id uuid primary key default gen_random_uuid(), bucket_id text references storage.buckets (id),
    name text, owner uuid, owner_id text, created_at timestamptz default now(), updated_at timestamptz default now(),
    last_accessed_at timestamptz default now(), metadata jsonb, user_metadata jsonb, version text, unique (bucket_id, name));
alter table storage.buckets owner to supabase_storage_admin; alter table storage.objects owner to supabase_storage_admin;
create function storage.filename(name text) returns text language sql as 'select $1';
alter function storage.filename(text) owner to supabase_storage_admin;
grant usage, create on schema storage to {master}; grant all on all tables in schema storage to {master};
"""
OF_STORAGE = """
select c.relname::text from pg_class c where relnamespace = 'storage'::regnamespace and relkind = 'r'
union all select p.proname from pg_proc p where pronamespace = 'storage'::regnamespace order by 1
"""
OF_AUTH = """
select c.relname::text, c.relowner::regrole::text from pg_class c where relnamespace = 'auth'::regnamespace and relkind = 'r'
union all select p.proname, p.proowner::regrole::text from pg_proc p where pronamespace = 'auth'::regnamespace order by 1
"""


def rows(made: Stack, query: str) -> list[tuple]:
    import psycopg

    with psycopg.connect(made.env["MIGRATE_DATABASE_URL"], autocommit=True) as conn:
        return conn.execute(query).fetchall()


def seen_by(made: Stack, user: str) -> list[tuple]:
    """Whose tasks somebody sees who has signed in, through the app's URL."""
    import psycopg

    with psycopg.connect(made.env["DATABASE_URL"], autocommit=True) as conn, conn.transaction():
        conn.execute("select set_config('role', 'authenticated', true)")
        conn.execute("select set_config('request.jwt.claims', %s, true)", [json.dumps({"sub": user})])
        conn.execute("insert into tasks (user_id, title) values (%s, 'x')", [user])
        return conn.execute("select distinct user_id::text from tasks").fetchall()


def two_people(made: Stack) -> None:
    rows(made, f"insert into auth.users (id, email) values ('{ANN}', 'a@x.org'), ('{BOB}', 'b@x.org') returning id")


@pytest.fixture
def alone(own_postgres, tmp_path) -> Stack:
    """A name on a server on which nothing was made by anybody."""
    own_postgres.start_and_wait()
    return with_our_files(stack_on(own_postgres, tmp_path))


def test_who_may_make_roles_needs_no_other_step_and_acts_as_them(alone) -> None:
    made = external(alone, "createrole")
    assert made.run("rehearse")["ok"]
    made.run("migrate")
    made.run("fixtures")
    two_people(made)
    assert (seen_by(made, ANN), seen_by(made, BOB)) == ([(ANN,)], [(BOB,)])
    assert made.run("drift")["differences"] == []
    made.run("goto", {"version": 4})
    made.run("migrate")


def test_who_may_not_is_told_what_to_type_and_nothing_is_left_behind(alone) -> None:
    made = external(alone)
    with pytest.raises(MigrationError) as caught:
        made.run("migrate")
    assert "005_auth" in caught.value.where and "anon" in caught.value.found
    assert "./invoke db.roles" in f"{caught.value.expected} {caught.value.next} {caught.value.found}"
    assert rows(made, "select to_regnamespace('auth')::text, to_regclass('users')::text") == [(None, "users")]


def test_on_supabase_what_is_there_stays_and_belongs_to_whom_it_did(alone) -> None:
    made = external(alone)
    (alone.folder / "beside").mkdir()
    template = with_our_files(stack_on(alone.postgres, alone.folder / "beside"))
    template.run("roles")
    template.run("migrate")
    with made.connect_admin() as conn:
        conn.execute(f"grant anon, authenticated, service_role to {made.database}_master")
        conn.execute(f"alter role {made.database}_master bypassrls")
    with made.connect("admin") as conn:
        for table in ("users", "identities"):
            conn.execute(definition(template, table))
        conn.execute(AUTH.format(master=f"{made.database}_master"))
        conn.execute("create role supabase_storage_admin")
        conn.execute(STORAGE.format(master=f"{made.database}_master"))
    made.run("migrate")
    made.run("fixtures")
    owners = rows(made, OF_AUTH)
    assert [name for name, owner in owners if owner == "supabase_auth_admin"] == ["identities", "uid", "users"]
    assert [name for name, owner in owners if owner != "supabase_auth_admin"] == ["email", "jwt", "role"]
    assert rows(made, "select count(*) from auth.users") == [(1,)]
    there = [("buckets",), ("filename",), ("objects",)]
    assert rows(made, OF_STORAGE) == sorted([*there, ("extension",), ("foldername",)])
    assert rows(made, "select id from storage.buckets") == [("files",)]
    made.run("goto", {"version": 4})
    assert rows(made, OF_STORAGE) == there
    assert [name for name, _ in rows(made, OF_AUTH)] == ["identities", "uid", "users"]
    assert rows(made, "select email from users") == [("demo@example.org",)]


def definition(made: Stack, table: str) -> str:
    """CREATE TABLE of a table with its columns and key, as another database has it."""
    columns = made.value(
        "select string_agg(format('%I %s', attname, format_type(atttypid, atttypmod)) || case when attgenerated = 's' then "
        "' generated always as (' || pg_get_expr(adbin, adrelid) || ') stored' else coalesce(' default ' || "
        "pg_get_expr(adbin, adrelid), '') end, ', ' order by attnum) from pg_attribute left join pg_attrdef on adrelid = "
        f"attrelid and adnum = attnum where attrelid = 'auth.{table}'::regclass and attnum > 0"
    )
    return f"create table template_{table} ({columns}, primary key (id))"


@pytest.mark.parametrize("kind", ["bundled", "external"])
def test_on_an_older_server_the_app_inherits_nothing_either(older, kind: str) -> None:
    made = with_our_files(older)
    if kind == "bundled":
        made.run("roles")
    else:
        made = external(made, "createrole")
        made.run("roles.app", {"password": "of the app"})
        made.env["DATABASE_URL"] = made.url(f"{made.database}_app", "of the app")
    made.run("migrate")
    two_people(made)
    assert (seen_by(made, ANN), seen_by(made, BOB)) == ([(ANN,)], [(BOB,)])
    import psycopg

    with psycopg.connect(made.env["DATABASE_URL"], autocommit=True) as conn:
        assert conn.execute("select count(*) from tasks").fetchone() == (0,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            conn.execute("select count(*) from auth.users")
        conn.execute("set role supabase_auth_admin")
        assert conn.execute("select count(*) from auth.users").fetchone() == (2,)
