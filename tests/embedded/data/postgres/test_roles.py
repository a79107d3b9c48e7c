"""The role split on a real server: who may do what, and that a second run changes nothing."""

from __future__ import annotations

import json

import pytest

from slipway.errors import GateError, SettingsError
from tests.embedded.data.conftest import PARTS, password_of

SCHEMA = """
create table notes (id bigint generated always as identity primary key, owner text, body text);
alter table notes enable row level security;
create function me() returns text language sql stable as 'select current_setting(''app.user'', true)';
create policy own on notes using (owner = me());
create function double(n int) returns int language sql as 'select n * 2';
create schema audit; create table audit.log (line text);
insert into notes (owner, body) values ('ann', 'a'), ('bob', 'b');
"""
ALLOWED = [
    ("app", "select * from notes"),
    ("app", "insert into notes (owner, body) values ('ann', 'c')"),
    ("app", "update notes set body = 'x'"),
    ("app", "delete from notes"),
    ("app", "select double(2)"),
    ("app", "insert into audit.log values ('x')"),
    ("app", "select version from schema_migrations"),
    ("readonly", "select * from notes"),
    ("readonly", "select * from audit.log"),
    ("backup", "select * from notes"),
    ("backup", "select * from slipway.history"),
    ("migrate", "create table more (id int)"),
    ("migrate", "alter table notes add extra text"),
]
DENIED = [
    ("app", "create table mine (id int)"),
    ("app", "alter table notes add more text"),
    ("app", "drop table notes"),
    ("app", "truncate notes"),
    ("app", "create temporary table mine (id int)"),
    ("app", "create schema mine"),
    ("app", "select * from slipway.history"),
    ("app", "update schema_migrations set version = 9"),
    ("app", "set role {db}_owner"),
    ("app", "alter table notes disable row level security"),
    ("readonly", "insert into notes (owner) values ('x')"),
    ("readonly", "delete from notes"),
    ("readonly", "create table mine (id int)"),
    ("readonly", "select double(2)"),
    ("backup", "insert into audit.log values ('x')"),
    ("backup", "create table mine (id int)"),
    ("migrate", "create role mine"),
    ("migrate", "create database mine"),
]


@pytest.fixture
def filled(stack):
    stack.migration("001_notes.up.sql", SCHEMA)
    stack.run("migrate")
    return stack


@pytest.mark.parametrize(("part", "query"), ALLOWED)
def test_allowed(filled, part: str, query: str) -> None:
    with filled.connect(part) as conn:
        conn.execute("select set_config('app.user', 'ann', false)")
        conn.execute(query)


@pytest.mark.parametrize(("part", "query"), DENIED)
def test_denied(filled, part: str, query: str) -> None:
    """Denied by grants, also after the role has lifted the read-only default of its session."""
    import psycopg

    with filled.connect(part) as conn:
        conn.execute("set default_transaction_read_only = off")
        conn.execute("select set_config('app.user', 'ann', false)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            conn.execute(query.format(db=filled.database))


def test_row_security_holds_for_the_app_and_not_for_the_dump(filled) -> None:
    with filled.connect("app") as conn:
        conn.execute("select set_config('app.user', 'ann', false)")
        assert conn.execute("select owner from notes").fetchall() == [("ann",)]
    assert filled.value("select count(*) from notes", "backup") == 2


def test_the_owner_cannot_log_in(stack) -> None:
    import psycopg

    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(stack.url(f"{stack.database}_owner", password_of("migrate")))
    assert stack.value(f"select rolcanlogin from pg_roles where rolname = '{stack.database}_owner'") is False


def test_a_role_that_is_only_public_cannot_connect(stack) -> None:
    import psycopg

    with stack.connect("admin") as conn:
        conn.execute(f"create role {stack.database}_guest login password 'guest-guest'")
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(stack.url(f"{stack.database}_guest", "guest-guest"))


def test_what_the_migrating_role_makes_by_any_tool_belongs_to_the_owner(stack) -> None:
    with stack.connect("migrate") as conn:
        conn.execute("create table by_hand (id int)")
    assert stack.value("select tableowner from pg_tables where tablename = 'by_hand'") == f"{stack.database}_owner"
    assert stack.value("select count(*) from by_hand", "app") == 0


def test_a_second_run_changes_nothing(bare) -> None:
    first, second = bare.run("roles"), bare.run("roles")
    assert f"database {bare.database}: created" in first["changed"] and second["changed"] == []


def test_a_second_run_changes_nothing_after_migrations(filled) -> None:
    assert filled.run("roles")["changed"] == []


@pytest.mark.parametrize(
    ("damage", "change"),
    [
        ("alter role {db}_app superuser", "role {db}_app: attributes repaired"),
        ("alter role {db}_owner login", "role {db}_owner: attributes repaired"),
        ("revoke {db}_owner from {db}_migrate", "role {db}_migrate: member of {db}_owner"),
        ("revoke anon from {db}_app", "role {db}_app: acts as anon"),
        ("grant authenticated to {db}_app with inherit true", "role {db}_app: acts as authenticated"),
        ("grant authenticated to {db}_app with set false", "role {db}_app: acts as authenticated"),
        ("grant service_role to {db}_app", "role {db}_app: no longer member of service_role"),
        ("alter role service_role nobypassrls", "role service_role: attributes repaired"),
        ("alter role anon login superuser", "role anon: attributes repaired"),
        ("alter role anon password 'guessed'", "role anon: password removed"),
        ("revoke usage on schema public from authenticated", "schema public: USAGE for authenticated"),
        ("alter role {db}_app reset statement_timeout", "role {db}_app: statement_timeout = 30s"),
        ("grant connect on database {db} to public", "database {db}: nothing for PUBLIC"),
        ("grant create on schema public to public", "schema public: nothing for PUBLIC"),
        ("alter database {db} owner to postgres", "database {db}: owner {db}_owner"),
        ("alter default privileges for role {db}_owner grant all on tables to public", "default privileges: tables"),
        (
            "alter default privileges for role {db}_owner revoke usage on schemas from {db}_app",
            "default privileges: schemas",
        ),
    ],
)
def test_damage_is_repaired_and_named(stack, damage: str, change: str) -> None:
    with stack.connect("admin") as conn:
        conn.execute(damage.format(db=stack.database))
    assert change.format(db=stack.database) in stack.run("roles")["changed"]
    assert stack.run("roles")["changed"] == []


def test_a_grant_that_a_migration_took_away_stays_away(filled) -> None:
    filled.migration("002_audit.up.sql", f"revoke delete on notes from {filled.database}_app")
    filled.run("migrate")
    filled.run("roles")
    assert filled.value(f"select has_table_privilege('{filled.database}_app', 'notes', 'delete')") is False


def test_objects_from_before_the_split_are_reached_by_the_app(bare) -> None:
    with bare.connect_admin() as conn:
        conn.execute(f"create database {bare.database}")
    with bare.connect("admin") as conn:
        conn.execute("create table old (id int)")
        conn.execute("create table schema_migrations (version bigint primary key, dirty boolean not null)")
    bare.run("roles")
    assert bare.value("select count(*) from old", "app") == 0
    assert bare.value(f"select has_table_privilege('{bare.database}_app', 'schema_migrations', 'insert')") is False


def test_a_changed_password_is_applied_and_recorded(stack) -> None:
    import psycopg

    passwords = {f"{stack.database}_{part}": password_of(part) for part in PARTS}
    passwords[f"{stack.database}_app"] = "another one"
    found = stack.run("roles", ROLE_PASSWORDS=json.dumps(passwords))
    assert found["changed"] == [f"role {stack.database}_app: password set"]
    with psycopg.connect(stack.url(f"{stack.database}_app", "another one")) as conn:
        assert conn.execute("select 1").fetchone() == (1,)
    with pytest.raises(psycopg.OperationalError):
        stack.connect("app")
    assert stack.run("observe", ROLE_PASSWORDS=json.dumps(passwords))["current"]["roles"]
    assert not stack.run("observe")["current"]["roles"]


def test_no_password_reaches_the_server_log_or_the_record(stack) -> None:
    """The server of these tests logs every statement."""
    kept = (stack.postgres.folder / "postgres.log").read_text() + (stack.folder / "state" / "roles.json").read_text()
    assert f'ALTER ROLE "{stack.database}_app" PASSWORD' in kept
    assert not [part for part in PARTS if password_of(part) in kept or json.dumps(password_of(part)) in kept]


def test_a_missing_password_is_refused_before_anything_is_made(bare) -> None:
    with pytest.raises(SettingsError) as caught:
        bare.run("roles", ROLE_PASSWORDS=json.dumps({f"{bare.database}_app": "only one"}))
    assert f"{bare.database}_migrate" in caught.value.found
    with bare.connect_admin() as conn:
        assert conn.execute(
            "select count(*) from pg_roles where rolname like %s", (f"{bare.database}_%",)
        ).fetchone() == (0,)


def test_a_role_that_may_not_set_up_roles_is_told_so(stack) -> None:
    with pytest.raises(GateError, match="permission denied"):
        stack.run("roles", ADMIN_DATABASE_URL=stack.role_url("migrate"))


def test_names_with_capitals_and_quotes_work(bare) -> None:
    bare.database = 'Shop "Ж" %s-1'
    passwords = {f"{bare.database}_{part}": password_of(part) for part in PARTS}
    env = {"DATABASE_URL": bare.role_url("app"), "ROLE_PASSWORDS": json.dumps(passwords)}
    assert bare.run("roles", **env)["changed"] and bare.run("roles", **env)["changed"] == []
    env |= {"MIGRATE_DATABASE_URL": bare.role_url("migrate"), "DATABASE_OWNER": f"{bare.database}_owner"}
    bare.migration("1_a.sql", "create table a (id int)")
    assert bare.run("migrate", **env)["version"] == 1 and bare.value("select count(*) from a", "app") == 0
