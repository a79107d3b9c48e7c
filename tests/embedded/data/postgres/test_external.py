"""A database of somebody else's: what the app's role may there, and the role that may no more."""

from __future__ import annotations

import json

import pytest

from slipway.data import endpoints
from slipway.data.postgres import external as rights
from slipway.errors import GateError, SettingsError
from tests.embedded.data.conftest import external, stack_on

PASSWORD = "p@ss of the app's"
NOTES = """
create table notes (id bigint generated always as identity primary key, owner text);
alter table notes enable row level security;
create policy own on notes using (owner = current_setting('app.user', true));
insert into notes (owner) values ('ann'), ('bob');
create schema audit; create table audit.log (line text);
"""


SHARED = "anon, authenticated, service_role, supabase_auth_admin"


def give_shared(made) -> None:
    """The roles that databases share, as if the one that migrates had made them: other tests' databases have them too."""
    with made.connect_admin() as conn:
        for role in SHARED.split(", "):
            if not conn.execute("select 1 from pg_roles where rolname = %s", (role,)).fetchone():
                conn.execute(f"create role {role} nologin {'bypassrls' if role == 'service_role' else ''}")
        conn.execute(f"grant {SHARED} to {made.database}_master with admin true, inherit false, set false")


@pytest.fixture
def team(bare):
    made = external(bare, "createrole")
    give_shared(made)
    made.migration("001_notes.up.sql", NOTES)
    made.run("migrate")
    return made


def least(made, **env: str) -> dict:
    return made.run("roles.app", {"password": PASSWORD}, **env)


def as_app(made):
    import psycopg

    return psycopg.connect(made.url(f"{made.database}_app", PASSWORD), autocommit=True)


def test_one_role_for_everything_is_said_to_pass_row_level_security(team) -> None:
    (said,) = team.run("observe")["excess"]
    assert said == (
        f"the app's role {team.database}_master owns its tables: it may alter and drop them, and row level security does "
        "not hold for it"
    )


def test_the_role_that_is_made_works_with_rows_under_row_level_security_and_does_nothing_else(team) -> None:
    import psycopg

    made = least(team)
    assert made["role"] == f"{team.database}_app" and f"role {team.database}_app: created" in made["changed"]
    with as_app(team) as conn:
        conn.execute("select set_config('app.user', 'ann', false)")
        assert conn.execute("select owner from notes").fetchall() == [("ann",)]
        conn.execute("insert into audit.log values ('x')")
        for denied in (
            "drop table notes",
            "alter table notes disable row level security",
            "create table mine (id int)",
            "create role mine",
            "truncate notes",
            "select * from slipway.history",
            "update schema_migrations set version = 9",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                conn.execute(denied)


def test_with_that_role_as_the_app_nothing_is_left_to_say_and_later_migrations_serve_it(team) -> None:
    least(team)
    team.env["DATABASE_URL"] = team.url(f"{team.database}_app", PASSWORD)
    team.migration("002_more.up.sql", "create table more (id int); create schema late; create table late.one (id int);")
    team.run("migrate")
    assert team.run("observe")["excess"] == []
    with as_app(team) as conn:
        assert conn.execute("select (select count(*) from more) + (select count(*) from late.one)").fetchone() == (0,)


def test_a_second_run_changes_nothing_and_gives_back_nothing_that_was_taken(team) -> None:
    least(team)
    assert least(team)["changed"] == []
    with team.connect("admin") as conn:
        conn.execute(f"revoke delete on notes from {team.database}_app")
    assert least(team)["changed"] == []
    assert team.value(f"select has_table_privilege('{team.database}_app', 'notes', 'delete')") is False


def test_another_password_is_set(team) -> None:
    least(team)
    with team.connect("admin") as conn:
        conn.execute(f"alter role {team.database}_app password 'another'")
    assert least(team)["changed"] == [f"role {team.database}_app: password set"]
    as_app(team).close()


def statements(caught) -> list[str]:
    """What an administrator is told to type."""
    return caught.value.next.removeprefix("as an administrator of the server: ").split("; ")[:-1]


def test_a_role_that_may_not_make_roles_is_told_the_statements_and_goes_on_once_they_were_typed(bare) -> None:
    made = external(bare)
    with pytest.raises(GateError) as caught:
        least(made)
    assert f'CREATE ROLE "{made.database}_app" LOGIN' in caught.value.next and PASSWORD not in str(caught.value)
    password = PASSWORD.replace(chr(39), chr(39) * 2)
    with made.connect("admin") as conn:
        for statement in statements(caught):
            conn.execute(statement.replace("PASSWORD …", f"PASSWORD '{password}'"))
    assert [change for change in least(made)["changed"] if change.startswith("default privileges")]


def test_what_needs_no_administrator_is_done_before_one_is_asked_for(bare) -> None:
    made = external(bare, "createrole")
    give_shared(made)
    with made.connect_admin() as conn:
        conn.execute(f"revoke {SHARED} from {made.database}_master")
    with pytest.raises(GateError) as caught:
        least(made)
    assert statements(caught) == [
        f'GRANT anon, authenticated, supabase_auth_admin TO "{made.database}_app" WITH INHERIT FALSE, SET TRUE'
    ]
    assert least_default(made)
    with made.connect_admin() as conn:
        conn.execute(statements(caught)[0])
    assert least(made)["changed"] == []


def least_default(made) -> bool:
    """Whether the app gets rights on what the migrating role makes from now on."""
    made.migration("001_late.up.sql", "create table late (id int);")
    made.run("migrate")
    return made.value(f"select has_table_privilege('{made.database}_app', 'late', 'insert')")


def test_on_a_server_of_its_own_the_role_makes_all_of_them_and_the_app_acts_as_three(own_postgres, tmp_path) -> None:
    import psycopg

    own_postgres.start_and_wait()
    made = external(stack_on(own_postgres, tmp_path), "createrole")
    changed = least(made)["changed"]
    assert "role service_role: created, without BYPASSRLS, which only an administrator may give" in changed
    assert [each for each in changed if "acts as" in each] == [
        f"role {made.database}_app: acts as {name}" for name in ("anon", "authenticated", "supabase_auth_admin")
    ]
    assert least(made)["changed"] == []
    with as_app(made) as conn:
        conn.execute("set role authenticated")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            conn.execute("set role service_role")


@pytest.mark.parametrize(
    ("attribute", "said"), [("superuser", "is a superuser"), ("bypassrls", "passes row level security")]
)
def test_a_role_with_power_over_the_server_is_named(team, attribute: str, said: str) -> None:
    least(team)
    with team.connect("admin") as conn:
        conn.execute(f"alter role {team.database}_app {attribute}")
    ends = endpoints.read(team.env | {"DATABASE_URL": team.url(f"{team.database}_app", PASSWORD)})
    (found,) = rights.excess(ends)
    assert said in found


def test_of_roles_that_are_ours_nothing_is_said_and_none_is_made(stack) -> None:
    assert stack.run("observe")["excess"] == []
    with pytest.raises(SettingsError, match="bundled"):
        least(stack)


def test_no_password_is_in_the_servers_log(team) -> None:
    least(team)
    kept = (team.postgres.folder / "postgres.log").read_text()
    assert f"{team.database}_app" in kept and PASSWORD not in kept and json.dumps(PASSWORD) not in kept
