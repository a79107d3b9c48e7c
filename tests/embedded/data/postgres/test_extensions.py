"""A database with an extension that its administrator made, and a role of ours that may not make it."""

from __future__ import annotations

import pytest

from slipway.data.endpoints import read
from slipway.data.postgres import copy, extensions, scratch
from tests.embedded.data.conftest import Stack, external
from tests.support import restoring, services

NAME = "pg_stat_statements"


@pytest.fixture(params=["older", "bare"])
def watched(request, tmp_path) -> Stack:
    """As a managed server gives it, where somebody else looks at its statistics."""
    made = extended(external(request.getfixturevalue(request.param), "createdb"))
    with made.connect("admin") as conn:
        conn.execute(f"grant select on {NAME} to public; comment on extension {NAME} is 'of the administrator'")
    made.migration("1_a.up.sql", "create table a (id int primary key); insert into a values (1), (2);")
    made.run("migrate")
    yield made
    restoring.tidy(made)


def extended(made: Stack) -> Stack:
    """The stack, on whose database an administrator has made the extension."""
    if made.value(f"select count(*) from pg_available_extensions where name = '{NAME}'") != 1:
        pytest.skip(f"these programs come without {NAME}")
    with made.connect("admin") as conn:
        conn.execute(f"create extension {NAME} schema public")
    return made


@pytest.fixture(params=["programs of today", "programs that exclude nothing"])
def program(request, monkeypatch) -> None:
    if request.param == "programs that exclude nothing":
        monkeypatch.setattr(extensions, "EXCLUDES", 99)


@pytest.mark.usefixtures("program")
@pytest.mark.parametrize("large", [copy.LARGE, 0])
def test_a_rehearsal_does_without_what_its_role_may_not_make(watched, large, monkeypatch) -> None:
    monkeypatch.setattr(copy, "LARGE", large)
    watched.migration("2_a.up.sql", "update a set id = id + 5;")
    (file,) = watched.run("rehearse")["files"]
    assert file["changed"] == [{"table": "public.a", "inserted": 0, "updated": 2, "deleted": 0}]


def test_the_copy_is_made_with_the_programs_of_an_older_server_too(older) -> None:
    older.env["PG_BIN"] = str(services.older_postgres_bin())
    made = extended(external(older, "createdb"))
    made.migration("1_a.up.sql", "create table a (id int);")
    assert made.run("rehearse")["ok"]


def test_an_extension_that_no_migration_made_is_no_drift(watched) -> None:
    assert watched.run("drift") == {"differences": []}


def test_what_a_migration_made_is_compared_as_before(watched) -> None:
    with watched.connect("admin") as conn:
        conn.execute("drop table a")
    assert watched.run("drift") == {"differences": ["table public.a: missing"]}


def test_a_backup_is_rehearsed_on_and_restored_without_it_and_that_is_said(watched) -> None:
    taken = watched.run("backup")
    assert watched.run("backups.drill")["ok"]
    watched.migration("2_a.up.sql", "update a set id = id + 5;")
    assert watched.run("rehearse", {"source": "backup"})["ok"]
    done = watched.run("restore", {"id": taken["id"]})
    assert f"extension {NAME}: the restoring role may not make it, left out" in done["notes"]


def test_a_role_that_may_make_it_keeps_it(watched) -> None:
    with watched.connect_admin() as conn:
        conn.execute(f"alter role {watched.database}_master superuser")
    ends = read(watched.env)
    with scratch.database(ends) as beside, scratch.maker(beside, scratch.database_of(beside)) as conn:
        assert extensions.unmakeable(conn, beside, [NAME, "plpgsql"]) == []
        copy.copy(ends, beside, lambda event: None)
        assert NAME in extensions.installed(conn)


@pytest.mark.usefixtures("apart")
def test_a_server_of_ours_that_lacks_it_is_filled_without_it(older) -> None:
    """The role may make no database, so the copy goes to a server of the programs that are here."""
    made = extended(external(older))
    with made.connect("admin") as conn:
        conn.execute(f"grant select on {NAME} to public")
    made.migration("1_a.up.sql", "create table a (id int);")
    assert made.run("rehearse")["ok"]
    made.run("migrate")
    assert made.run("drift") == {"differences": []}
