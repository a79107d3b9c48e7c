"""Rehearsals on a real server: what they report is exact, and the live database is only read."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import psycopg
import pytest

from slipway.data import endpoints
from slipway.data.postgres import catalog, copy, scratch, scratch_server
from slipway.errors import BackupError, MigrationError, SettingsError, VerificationError
from tests.support.waiting import PATIENCE, until

BASE = """create table users (id bigint generated always as identity primary key, name text not null, age int);
create table posts (id bigint primary key, user_id bigint references users);
insert into users (name, age) select 'user ' || n, n % 90 from generate_series(1, 5000) n;"""


@pytest.fixture
def live(stack):
    """A database with one applied migration and rows."""
    stack.migration("1_base.up.sql", BASE)
    stack.run("migrate")
    stack.events.clear()
    return stack


def throwaways(stack) -> list[str]:
    with stack.connect_admin() as conn:
        return [
            row[0]
            for row in conn.execute(
                "select datname from pg_database where datname like %s", (f"{stack.database}_rehearsal_%",)
            )
        ]


def picture(stack) -> tuple[catalog.Snapshot, list[tuple]]:
    """Catalog, rows and history of the live database."""
    with stack.connect("admin") as conn:
        rows = conn.execute(
            "select (select count(*) from users), "
            "(select sum(hashtext(users::text)::bigint) from users), "
            "(select count(*) from slipway.history), (select version from schema_migrations)"
        ).fetchall()
        return catalog.snapshot(conn), rows


def test_nothing_pending_needs_no_copy(live) -> None:
    assert live.run("rehearse")["files"] == [] and throwaways(live) == []


def test_time_locks_rewritten_rows_indexes_and_size_are_told_for_each_file(live) -> None:
    live.migration("2_type.up.sql", "alter table users alter column age type bigint;")
    live.migration("2_type.down.sql", "alter table users alter column age type int;")
    live.migration(
        "3_more.up.sql",
        "create table tags (id bigint primary key, user_id bigint references users); "
        "update users set name = upper(name) where id <= 7; create index users_name on users (name);",
    )
    live.migration("3_more.down.sql", "drop index users_name; drop table tags;")
    found = live.run("rehearse")
    first, second = found["files"]
    assert first["file"] == "migrations/2_type.up.sql"
    assert first["locks"] == [{"table": "public.users", "mode": "ACCESS EXCLUSIVE", "blocks": "reads and writes"}]
    assert first["rewritten"] == [{"table": "public.users", "rows": 5000}]
    assert not first["sampled"] and first["ms"] > 0 and first["changed"] == []
    assert second["rewritten"] == [] and second["size_change"] > 0
    assert second["locks"] == [{"table": "public.users", "mode": "SHARE ROW EXCLUSIVE", "blocks": "writes"}]
    assert second["changed"] == [{"table": "public.users", "inserted": 0, "updated": 7, "deleted": 0}]
    assert [each["index"] for each in second["indexes"]] == ["public.tags_pkey", "public.users_name"]
    assert found["ok"] and [each["down"]["restores"] for each in found["files"]] == [True, True]
    assert first["effects"] == [
        "public.users: ACCESS EXCLUSIVE to the end of the file, blocks reads and writes",
        "public.users: written anew, 5000 rows",
        *first["effects"][2:-1],
        "down: brings back the exact schema",
    ]
    assert found["summary"] == "2 files went up on a copy." and found["seconds"] > 0
    assert found["bytes"] > 0 and throwaways(live) == []


def test_the_live_database_is_only_read(live) -> None:
    live.migration("2_drop.up.sql", "truncate posts, users; alter table users drop column age; drop table posts;")
    before = picture(live)
    live.run("rehearse")
    assert picture(live) == before and throwaways(live) == []


def sleeping(stack) -> list[int]:
    """The sessions that run pg_sleep in a throwaway database."""
    with stack.connect_admin() as conn:
        return [
            row[0]
            for row in conn.execute(
                "select pid from pg_stat_activity where datname like %s and query like '%%pg_sleep%%' and state = 'active'",
                (f"{stack.database}_rehearsal_%",),
            )
        ]


def test_the_live_database_takes_writes_while_a_migration_is_rehearsed(live) -> None:
    live.migration("2_wait.up.sql", "lock table users in access exclusive mode; select pg_sleep(600);")
    with ThreadPoolExecutor(1) as pool:
        rehearsal = pool.submit(live.run, "rehearse")
        with live.connect("admin") as conn:
            conn.execute("set lock_timeout = '1s'")
            while not (running := sleeping(live)) and not rehearsal.done():
                conn.execute("insert into users (name) values ('written during the copy')")
            conn.execute("insert into users (name) values ('written during the file')")
            conn.execute("select pg_cancel_backend(%s)", (running[0],))
        with pytest.raises(MigrationError, match="fails on a copy"):
            rehearsal.result(30)
    assert live.value("select count(*) from users where name = 'written during the file'") == 1
    assert live.value("select count(*) > 0 from users where name = 'written during the copy'")


def test_each_down_is_judged_by_what_it_leaves_itself(live) -> None:
    live.migration("2_a.up.sql", "alter table users add column a int;")
    live.migration("2_a.down.sql", "alter table users drop column a;")
    live.migration("3_b.up.sql", "alter table users drop column age, add column b int default 3;")
    live.migration("3_b.down.sql", "alter table users add column age bigint;")
    found = live.run("rehearse")
    first, second = (each["down"] for each in found["files"])
    assert not found["ok"] and second["tried"] and not second["restores"]
    assert "column public.users.b: there, but not expected" in second["differences"]
    assert "column public.users.age: type is bigint, expected integer" in second["differences"]
    assert first["tried"] and first["restores"] and not first["differences"], first


def test_below_a_down_that_fails_none_is_tried_and_the_summary_says_so(live) -> None:
    for number, way_back in enumerate(("drop table t2;", "drop table t3;", "drop table gone;", "drop table t5;"), 2):
        live.migration(f"{number}_t.up.sql", f"create table t{number} (id bigint);")
        live.migration(f"{number}_t.down.sql", way_back)
    found = live.run("rehearse")
    assert [each["down"]["tried"] for each in found["files"]] == [False, False, True, True]
    assert "4_t.up.sql, which comes after it, was not undone" in found["files"][0]["down"]["reason"]
    assert found["summary"].endswith("2 downs not tried: migrations/4_t.up.sql was not undone.")


def test_a_file_without_a_down_is_no_failure(live) -> None:
    live.migration("2_a.up.sql", "alter table users add column a int;")
    found = live.run("rehearse")
    assert found["ok"] and found["files"][0]["down"]["reason"] == "it has no down file"


def test_a_down_that_fails_is_told_with_its_place(live) -> None:
    live.migration("2_a.up.sql", "alter table users add column a int;")
    live.migration("2_a.down.sql", "\nalter table users drop colum a;")
    down = live.run("rehearse")["files"][0]["down"]
    assert down["tried"] and not down["restores"] and "2_a.down.sql:2:" in down["reason"]


def test_a_file_that_fails_on_the_live_data_is_named_and_says_what_went_well_before(live) -> None:
    live.migration("2_a.up.sql", "alter table users add column a int;")
    live.migration("3_b.up.sql", "\nalter table users add constraint old check (age < 50);")
    with pytest.raises(MigrationError) as caught:
        live.run("rehearse")
    assert caught.value.where.startswith("migrations/3_b.up.sql:2") and "on a copy" in caught.value.found
    assert "2_a.up.sql: went well" in caught.value.log[0] and throwaways(live) == []
    assert live.value("select count(*) from slipway.history") == 1


def test_a_file_without_a_transaction_is_rehearsed_with_sampled_locks(live) -> None:
    """The index takes long enough to be looked at: its expression sleeps."""
    live.migration(
        "2_slow.up.sql",
        "create function slow(int) returns int immutable language plpgsql as $$ begin "
        "perform pg_sleep(0.2); return $1; end $$;",
    )
    live.run("migrate")
    live.migration(
        "3_i.up.sql",
        "-- slipway: no-transaction\ncreate index concurrently users_age on users (slow(age)) where id <= 2;",
    )
    live.migration("3_i.down.sql", "-- slipway: no-transaction\ndrop index concurrently users_age;")
    found = live.run("rehearse")["files"][0]
    assert found["sampled"] and [each["index"] for each in found["indexes"]] == ["public.users_age"]
    assert {"table": "public.users", "mode": "SHARE UPDATE EXCLUSIVE", "blocks": "VACUUM and schema changes"} in found[
        "locks"
    ]
    assert found["down"]["restores"]


def test_rows_are_not_counted_for_a_file_without_a_transaction_and_that_is_said(live) -> None:
    live.migration("2_a.up.sql", "-- slipway: no-transaction\nupdate users set age = age + 1;\nselect pg_sleep(0.1);")
    live.migration("3_b.up.sql", "update users set age = age + 1;")
    alone, whole = live.run("rehearse")["files"]
    said = "rows that it changes are not counted: it is run without a transaction"
    assert (alone["changed"], said in alone["effects"]) == ([], True)
    assert whole["changed"][0]["updated"] > 0 and said not in whole["effects"]
    assert not any("to the end of the file" in each for each in alone["effects"])


def test_a_database_that_was_never_migrated_is_rehearsed(stack) -> None:
    stack.migration("1_base.up.sql", BASE)
    stack.migration("1_base.down.sql", "drop table posts, users;")
    found = stack.run("rehearse")
    assert found["ok"] and found["files"][0]["locks"] == [] and found["files"][0]["down"]["restores"]
    assert stack.value("select to_regclass('users')") is None


def test_rows_behind_row_security_are_copied_too(live) -> None:
    live.migration("2_rls.up.sql", "alter table users enable row level security, force row level security;")
    live.run("migrate")
    live.migration("3_b.up.sql", "update users set age = 1;")
    live.migration("4_c.up.sql", "alter table users alter column age type bigint;")
    found = live.run("rehearse")["files"]
    assert found[1]["rewritten"] == [{"table": "public.users", "rows": 5000}]


def test_a_large_database_is_copied_in_parallel_and_is_the_same(live, monkeypatch) -> None:
    monkeypatch.setattr(copy, "LARGE", 0)
    ends = endpoints.read(live.env)
    with scratch.database(ends) as beside:
        copy.copy(ends, beside, lambda event: None)
        with live.connect("admin") as one, scratch.maker(beside, scratch.database_of(beside)) as two:
            assert catalog.difference(catalog.snapshot(one), catalog.snapshot(two)) == []
            query = "select count(*), sum(hashtext(users::text)::bigint) from users"
            assert one.execute(query).fetchone() == two.execute(query).fetchone()


def test_what_cannot_be_copied_is_told_in_the_words_of_the_program_that_met_it(live) -> None:
    """The function finds no table under the search_path of a dump; pg_dump dies of a pipe that nobody reads."""
    live.migration(
        "2_known.up.sql",
        """create function known(n int) returns boolean language sql as
        'select n in (select id from users)'; create table few (n int check (known(n)));
        insert into few values (1); create table many (text text);
        insert into many select repeat(md5(n::text), 100) from generate_series(1, 5000) n;""",
    )
    live.run("migrate")
    live.migration("3_a.up.sql", "select 1;")
    with pytest.raises(MigrationError) as caught:
        live.run("rehearse")
    assert caught.value.where == "pg_restore for the copy" and 'relation "users" does not exist' in caught.value.found


def test_the_copy_has_the_settings_and_the_locale_of_the_live_database(live) -> None:
    with live.connect_admin() as conn:
        conn.execute(f"alter database {live.database} set search_path = 'shop', public")
        conn.execute(f"alter database {live.database} set work_mem = '7MB'")
    query = (
        "select datcollate, datctype, datlocprovider, datlocale, encoding, (select array_agg(each order by each) "
        "from pg_db_role_setting s, unnest(setconfig) each where s.setdatabase = d.oid) from pg_database d "
        "where datname = current_database()"
    )
    ends = endpoints.read(live.env)
    with scratch.database(ends) as beside, scratch.maker(beside, scratch.database_of(beside)) as conn:
        assert conn.execute(query).fetchone() == live.connect("admin").execute(query).fetchone()


def test_the_server_of_a_killed_run_is_ended_by_the_next(live) -> None:
    live.migration("2_long.up.sql", "select pg_sleep(600);")
    before = servers()
    child = subprocess.Popen(
        [sys.executable, "-m", "slipway.ops", "rehearse"],
        stdout=subprocess.DEVNULL,
        env={**os.environ, **live.env, "ADMIN_DATABASE_URL": ""},
    )
    until(
        lambda: any((Path(tempfile.gettempdir()) / name / ".s.PGSQL.5432").exists() for name in servers() - before),
        "a server of its own listens",
    )
    child.kill()
    child.wait()
    (place,) = servers() - before
    postmaster = int((Path(tempfile.gettempdir()) / place / "data" / "postmaster.pid").read_text().split()[0])
    live.migration("2_long.up.sql", "select 1;")
    live.run("rehearse", ADMIN_DATABASE_URL="")
    assert servers() == before
    until(lambda: not alive(postmaster), "the server has ended")


def test_what_a_killed_run_left_behind_is_dropped_by_the_next(live) -> None:
    with live.connect_admin() as conn:
        mine, strange = f"{live.database}_rehearsal_0123abcd", f"{live.database}_rehearsal_notes"
        for name in (mine, strange):
            conn.execute(f"create database {name}")
        conn.execute(f"comment on database {mine} is '{scratch.MARK.format(live.database)}'")
    live.migration("2_a.up.sql", "select 1;")
    live.run("rehearse")
    assert throwaways(live) == [strange]
    with live.connect_admin() as conn:
        conn.execute(f"drop database {strange}")


def test_a_rehearsal_that_is_told_to_end_drops_its_copy(live) -> None:
    live.migration("2_long.up.sql", "select pg_sleep(600);")
    child = subprocess.Popen(
        [sys.executable, "-m", "slipway.ops", "rehearse"],
        env={**os.environ, **live.env},
        stdout=subprocess.PIPE,
        text=True,
    )
    until(lambda: bool(sleeping(live)), "the file is being rehearsed")
    child.send_signal(signal.SIGTERM)
    out, _ = child.communicate(timeout=PATIENCE)
    assert child.returncode == 130 and '"interrupted"' in out and throwaways(live) == []


def test_a_role_that_may_not_create_databases_is_told_the_grant(live, monkeypatch) -> None:
    live.migration("2_a.up.sql", "select 1;")
    monkeypatch.setattr(scratch_server, "PROGRAMS", ("no-such-program",))
    with pytest.raises(MigrationError) as caught:
        live.run("rehearse", ADMIN_DATABASE_URL="")
    assert "may not create a database" in caught.value.found and "CREATEDB" in caught.value.next


def test_a_role_that_may_create_databases_needs_no_administrator(live) -> None:
    with live.connect_admin() as conn:
        conn.execute(f"alter role {live.database}_migrate createdb")
    live.migration("2_type.up.sql", "alter table users alter column age type bigint;")
    live.migration("2_type.down.sql", "alter table users alter column age type int;")
    found = live.run("rehearse", ADMIN_DATABASE_URL="")
    assert found["ok"] and found["files"][0]["rewritten"] == [{"table": "public.users", "rows": 5000}]
    assert throwaways(live) == []


def test_a_role_that_may_not_create_databases_rehearses_on_a_server_of_its_own(live) -> None:
    live.migration("2_type.up.sql", "alter table users alter column age type bigint;")
    live.migration("2_type.down.sql", "alter table users alter column age type int;")
    before = servers()
    found = live.run("rehearse", ADMIN_DATABASE_URL="")
    assert found["ok"] and found["files"][0]["rewritten"] == [{"table": "public.users", "rows": 5000}]
    assert live.run("drift", ADMIN_DATABASE_URL="") == {"differences": []}
    assert servers() == before and throwaways(live) == []


def alive(pid: int) -> bool:
    """Whether a process of that number runs; one that is only waited for does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def servers() -> set[str]:
    """The folders of throwaway servers on this machine."""
    return {path.name for path in Path(tempfile.gettempdir()).glob("slipway-server-*")}


def test_another_source_is_refused(live) -> None:
    with pytest.raises(SettingsError):
        live.run("rehearse", {"source": "elsewhere"})


def test_the_copy_belongs_to_the_owner_and_lets_nobody_else_in(live) -> None:
    ends = endpoints.read(live.env)
    with scratch.database(ends) as beside:
        url = live.url(f"{live.database}_app", "app 'p@ss/wörd%'", scratch.database_of(beside))
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            psycopg.connect(url)
    assert throwaways(live) == []


def test_the_newest_proven_backup_is_rehearsed_on_at_the_live_schema(live) -> None:
    """Rows are those of the backup; migrations that the live database has had since then are not told again."""
    with pytest.raises(BackupError, match="no proven backup"):
        live.migration("2_more.up.sql", "update users set age = 1;")
        live.run("rehearse", {"source": "backup"})
    taken = live.run("backup", {"only": "db"})
    (Path(taken["path"]) / "drill.json").write_text('{"ok": true}')
    live.run("backup", {"only": "db"})  # newer, and not proven
    live.run("migrate")
    with live.connect("admin") as conn:
        conn.execute("delete from users where id > 10")
    live.migration("3_last.up.sql", "update users set age = 2;")
    before = picture(live)
    told = live.run("rehearse", {"source": "backup"})
    assert [file["file"] for file in told["files"]] == ["migrations/3_last.up.sql"] and told["source"] == "backup"
    assert told["files"][0]["changed"] == [{"table": "public.users", "inserted": 0, "updated": 5000, "deleted": 0}]
    assert picture(live) == before and throwaways(live) == []


UNQUALIFIED = """create table tasks (id bigint primary key, title text);
create function clean(t text) returns text language plpgsql immutable as $$ begin return trim(t); end $$;
create function fit(t text) returns boolean language plpgsql immutable as $$ begin return length(clean(t)) > 2; end $$;
alter table tasks add constraint fits check (fit(title));
insert into tasks values (1, 'a title that is private');"""


def test_a_constraint_that_needs_a_search_path_is_named_with_its_function_table_and_cure(stack):
    """Live it works; a dump is restored with an empty search path, so its backups could not be restored."""
    stack.migration("1_base.up.sql", UNQUALIFIED)
    stack.run("migrate")
    stack.migration("2_more.up.sql", "create table more (id bigint)")
    name = stack.run("backup")["id"]
    for verb, args in (("rehearse", {"source": "live"}), ("backups.drill", {"id": name})):
        with pytest.raises((MigrationError, VerificationError)) as caught:
            stack.run(verb, args)
        error = caught.value
        assert all(part in error.found for part in ('"tasks"', "clean(text)", "public.fit(text)"))
        assert "ALTER FUNCTION public.fit(text) SET search_path = public" in error.found + error.next
        assert "private" not in "".join((error.found, error.expected, error.next, *error.log))
    with stack.connect("admin") as conn:
        conn.execute("ALTER FUNCTION fit(text) SET search_path = public")
    assert stack.run("rehearse", {"source": "live"})["ok"]
