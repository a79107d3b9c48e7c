"""A server that is older than our programs, as a managed one behind the ops image: each verb works or refuses in a sentence."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from slipway.data.backups import manifest
from slipway.data.postgres import catalog, connection, copy
from slipway.data.postgres import programs as postgres_programs
from slipway.errors import BackupError, SettingsError, SlipwayError
from slipway.ops import streaming
from tests.embedded.data.conftest import Stack, external
from tests.support import restoring, services

# Row security that is forced would hide rows from the one role of a managed server, and every dump is refused there.
SHOP = (
    restoring.SHOP
    + """alter table secrets no force row level security;
select lo_from_bytea(0, decode(md5(n::text), 'hex')) from generate_series(1, 7) n;"""
)


@pytest.fixture(autouse=True)
def as_in_ops(monkeypatch) -> None:
    """The programs of PG_BIN are the only ones there are."""
    monkeypatch.setattr(postgres_programs, "places", lambda ends, major: iter([Path(ends.pg_bin)]))


@pytest.fixture(params=["external", "bundled"])
def stack(request, older) -> Stack:
    """On an external server, or with an administrator and the role split."""
    if request.param == "external":
        return external(older, "createdb")
    older.run("roles")
    return older


@pytest.fixture
def shop(stack) -> Iterator[Stack]:
    """With everything in it that a dump may hold."""
    stack.migration("1_shop.up.sql", SHOP)
    stack.migration(
        "1_shop.down.sql", 'drop schema public cascade; create schema public; drop schema "Lager Süd" cascade;'
    )
    stack.run("migrate")
    stack.events.clear()
    yield stack
    restoring.tidy(stack)


def picture(stack: Stack, database: str = "") -> tuple[dict, dict, list]:
    """Schema, rows and large objects."""
    with restoring.connected(stack, database) as conn:
        large = conn.execute("select md5(lo_get(oid)) from pg_largeobject_metadata order by 1").fetchall()
        return catalog.without_grants(catalog.snapshot(conn)), restoring.contents(stack, database), large


def test_migrations_and_fixtures_do_their_work(stack) -> None:
    assert stack.run("gate.postgres")["gate"] == "postgres"
    stack.migration("1_a.up.sql", "create table a (id int primary key, name text not null, check (id > 0));")
    stack.migration("1_a.down.sql", "drop table a;")
    stack.migration("2_i.up.sql", "-- slipway: no-transaction\ncreate index concurrently a_name on a (name);")
    stack.migration("2_i.down.sql", "-- slipway: no-transaction\ndrop index concurrently a_name;")
    stack.fixture("001_a.csv", "id,name\n1,one\n2,two\n")
    assert len(stack.run("rehearse")["files"]) == 2 and len(stack.run("migrate.try")["would"]) == 2
    assert stack.run("migrate")["version"] == 2
    seen = stack.run("observe")
    assert seen["postgres"]["reachable"] and seen["pending"] == [] and seen["problems"] == []
    assert int(seen["postgres"]["server_version"].split(".")[0]) < 18
    assert stack.run("fixtures")["loaded"][0]["rows"] == 2
    assert [row["state"] for row in stack.run("status")["rows"]] == ["applied", "applied"]
    assert stack.run("drift") == {"differences": []}
    text = stack.run("schema")["text"]
    assert "CREATE TABLE public.a" in text and stack.run("schema", {"check": True, "text": text})["same"]
    assert stack.run("redo")["applied"] and stack.run("rollback")["rolled_back"]
    assert [row["state"] for row in stack.run("status")["rows"]] == ["applied", "pending"]


def test_a_rehearsal_copies_everything(shop, monkeypatch) -> None:
    shop.migration(
        "2_age.up.sql", "drop materialized view ages; drop view grown; alter table users alter column age type bigint;"
    )
    before = picture(shop)
    for large in (copy.LARGE, 0):  # through a pipe, and by way of a directory in parallel
        monkeypatch.setattr(copy, "LARGE", large)
        found = shop.run("rehearse")["files"][0]
        assert found["rewritten"] == [{"table": "public.users", "rows": 3000}]
    assert picture(shop) == before and restoring.databases(shop) == [shop.database]


def test_a_backup_is_verified_drilled_restored_and_rehearsed_on(shop) -> None:
    before, taken = picture(shop), shop.run("backup", {"contents": True})
    assert taken["server_version_num"] // 10000 < 18 and taken["tools"]["pg_dump"].startswith("18.")
    assert shop.run("backups.verify", {"read": True})["id"] == taken["id"]
    proven = shop.run("backups.drill")
    assert proven["ok"] and proven["server"].startswith("18.")
    said = next(each["found"] for each in proven["checks"] if each["name"] == "restore")
    assert said.endswith(f"; taken from PostgreSQL {taken['server_version']}, restored on {proven['server']}")
    with restoring.connected(shop) as conn:
        conn.execute("drop table posts; delete from users; insert into users (name) values ('new since')")
    ruined = picture(shop)
    shop.run("restore", {"id": taken["id"], "into": f"{shop.database}_beside"})
    assert picture(shop, f"{shop.database}_beside") == before and picture(shop) == ruined
    shop.run("restore", {"id": taken["id"], "into": f"{shop.database}_some", "tables": ["users"]})
    assert restoring.contents(shop, f"{shop.database}_some")["public.users"] == before[1]["public.users"]
    done = shop.run("restore", {"id": taken["id"]})
    assert picture(shop) == before and picture(shop, done["old"]) == ruined
    shop.migration("2_last.up.sql", "update users set age = 2;")
    told = shop.run("rehearse", {"source": "backup"})
    assert told["files"][0]["changed"] == [{"table": "public.users", "inserted": 0, "updated": 3000, "deleted": 0}]
    shop.run("restore.analyze")
    assert shop.run("restore.drop")["dropped"] == [done["old"]]


def test_the_dump_as_sql_runs_there_without_an_error(shop) -> None:
    out = io.BytesIO()
    assert streaming.main(["sql"], shop.env, out) == 0
    again = f"{shop.database}_again"
    with shop.connect_admin() as conn:
        conn.execute(f"create database {again} template template0")
    words = [
        services.postgres_bin() / "psql",
        "-qXv",
        "ON_ERROR_STOP=1",
        "-d",
        shop.url("postgres", services.ADMIN_PASSWORD, again),
    ]
    done = subprocess.run(words, input=out.getvalue(), capture_output=True, check=False)
    assert done.returncode == 0 and done.stderr == b"", done.stderr
    assert picture(shop, again) == picture(shop)


FAILS = """create function known(n int) returns boolean language sql as 'select n in (select id from users)';
alter table events add column n int check (known(n));
insert into events (at, what, n) values ('2026-01-01', 'x', 1);"""


def test_what_cannot_be_restored_there_ends_the_restore_and_touches_nothing(shop) -> None:
    """The function finds no table under the search_path of a restore: the rows are refused."""
    shop.migration("2_known.up.sql", FAILS)
    shop.run("migrate")
    before, taken = picture(shop), shop.run("backup")
    with pytest.raises(BackupError) as caught:
        shop.run("restore", {"id": taken["id"]})
    assert 'relation "users" does not exist' in caught.value.found
    assert not any("transaction_timeout" in line for line in (caught.value.found, *caught.value.log))
    assert picture(shop) == before and restoring.databases(shop) == [shop.database]
    shop.migration("3_last.up.sql", "select 1;")
    with pytest.raises(SlipwayError) as caught:
        shop.run("rehearse")
    assert 'relation "users" does not exist' in caught.value.found


def test_a_role_that_may_make_no_database_rehearses_on_a_server_of_ours(older, apart) -> None:
    stack = external(older)
    stack.migration("1_shop.up.sql", SHOP)
    stack.run("migrate")
    stack.migration(
        "2_age.up.sql", "drop materialized view ages; drop view grown; alter table users alter column age type bigint;"
    )
    found = stack.run("rehearse")
    assert found["files"][0]["rewritten"] == [{"table": "public.users", "rows": 3000}]
    live = found["servers"]["live"]
    assert (
        live < 18 and found["summary"] == f"1 file went up on a copy on PostgreSQL 18, while the live server is {live}."
    )
    assert stack.run("drift") == {"differences": []}
    with restoring.connected(stack) as conn:
        conn.execute("alter table posts alter column user_id drop not null; create view old as select id from users")
    assert stack.run("drift") == {
        "differences": [
            "column public.posts.user_id: not null is no, expected yes",
            "view public.old: there, but not expected",
        ]
    }
    taken = stack.run("backup")
    with pytest.raises(BackupError, match="may not create a database"):
        stack.run("restore", {"id": taken["id"]})


def test_a_backup_of_a_newer_server_is_refused_before_anything_is_touched(stack, bare) -> None:
    newer = bare
    newer.run("roles")
    newer.migration("1_a.up.sql", "create table a (id int);")
    newer.run("migrate")
    taken = newer.run("backup")
    stack.migration("1_b.up.sql", "create table b (id int);")
    stack.run("migrate")
    before = picture(stack), restoring.databases(stack)
    major = stack.run("observe")["postgres"]["server_version"].split(".")[0]
    for more in ({}, {"into": f"{stack.database}_beside"}):
        with pytest.raises(BackupError) as caught:
            stack.run("restore", {"folder": taken["path"], **more})
        assert caught.value.found == f"taken from PostgreSQL 18; this server is {major}"
    newer.run("backups.drill")
    stack.migration("2_c.up.sql", "create table c (id int);")
    with pytest.raises(BackupError, match=f"taken from PostgreSQL 18; this server is {major}"):
        stack.run("rehearse", {"source": "backup"}, BACKUP_DIR=newer.env["BACKUP_DIR"])
    assert (picture(stack), restoring.databases(stack)) == before


def test_with_programs_of_its_own_age_the_dump_is_packed_as_they_can(shop) -> None:
    shop.env["PG_BIN"] = str(services.older_postgres_bin())
    before, taken = picture(shop), shop.run("backup", {"contents": True})
    assert taken["tools"]["pg_dump"].split(".")[0] == str(taken["server_version_num"] // 10000)
    assert taken["compression"] == "gzip:1" or taken["server_version_num"] >= 160000
    assert shop.run("backups.verify", {"read": True})["id"] == taken["id"]
    proven = shop.run("backups.drill")
    assert proven["ok"] and int(proven["server"].split(".")[0]) < 18
    shop.run("restore", {"id": taken["id"]})
    assert picture(shop) == before


def test_programs_that_are_older_than_those_that_took_a_backup_say_so(shop) -> None:
    before, taken = picture(shop), shop.run("backup")
    shop.env["PG_BIN"] = str(services.older_postgres_bin())
    for verb, more in (("backups.verify", {"read": True}), ("backups.drill", {}), ("restore", {})):
        with pytest.raises(SettingsError) as caught:
            shop.run(verb, {"id": taken["id"], **more})
        assert caught.value.found.endswith("; pg_dump 18 wrote the dump")
    assert not (restoring.path(shop, taken["id"]) / manifest.EVIDENCE).exists(), "nothing was found about the backup"
    assert picture(shop) == before and restoring.databases(shop) == [shop.database]


def test_a_server_that_is_too_old_is_refused_in_one_sentence(stack, monkeypatch) -> None:
    monkeypatch.setattr(connection, "OLDEST", 18)
    for verb in ("observe", "gate.postgres", "migrate", "status", "backup", "rehearse", "drift", "schema"):
        with pytest.raises(SettingsError) as caught:
            stack.run(verb)
        assert caught.value.found.startswith("PostgreSQL 1") and caught.value.expected.endswith(
            "PostgreSQL 18 or newer"
        )


@pytest.mark.parametrize("server", ["older", "bare"])
def test_timeouts_of_the_role_cut_no_long_work_short(request, server) -> None:
    stack = external(request.getfixturevalue(server), "createdb")
    stack.migration("1_shop.up.sql", SHOP)
    stack.run("migrate")
    with stack.connect_admin() as conn:
        for name in (
            "statement_timeout",
            "idle_session_timeout",
            "idle_in_transaction_session_timeout",
            "transaction_timeout",
        ):
            if conn.execute("select current_setting(%s, true)", (name,)).fetchone()[0] is not None:
                conn.execute(f"alter role {stack.database}_master set {name} = '300ms'")
    before, taken = picture(stack), stack.run("backup", {"contents": True})
    stack.run("restore", {"id": taken["id"], "mask": {"name": "mask.sql", "text": "select pg_sleep(1);"}})
    assert picture(stack) == before
    stack.migration("2_wait.up.sql", "select pg_sleep(1);")
    assert stack.run("rehearse")["ok"] and stack.run("migrate")["version"] == 2
    restoring.tidy(stack)


def test_a_backup_of_an_older_server_is_restored_on_a_newer_one(shop, bare) -> None:
    taken = shop.run("backup", {"contents": True})
    bare.run("roles")
    bare.run("restore", {"folder": taken["path"]})
    assert restoring.contents(bare) == restoring.contents(shop)
    restoring.tidy(bare)
