"""Files without a transaction: statement by statement, resumed where they stopped, invalid indexes named."""

from __future__ import annotations

import os
import subprocess

import pytest

from slipway.errors import MigrationError
from tests.support import asking
from tests.support.migrating import failed, mirror, refused, table_exists, versions
from tests.support.waiting import PATIENCE, until

DIRECTIVE = "-- slipway: no-transaction\n"


def unfinished(stack) -> list[tuple]:
    with stack.connect("admin") as conn:
        return conn.execute("select version, way, done from slipway.unfinished").fetchall()


def test_each_statement_is_on_its_own_and_settings_last(stack) -> None:
    stack.migration(
        "1_a.sql",
        DIRECTIVE + "set search_path = pg_catalog, public;\ncreate table public.a (id int, b "
        "text);\ncopy public.a from stdin;\n1\tx;y\n\\.\ncreate index concurrently i on a (id);\nvacuum a;"
        "do $$ begin commit; end $$; insert into a values (2);",
    )
    stack.migration("2_b.sql", "create table b (id int);")
    assert stack.run("migrate")["version"] == 2 and unfinished(stack) == [] and mirror(stack) == [(2, False)]
    assert stack.value("select count(*) from a") == 2 and table_exists(stack, "i") and versions(stack) == [1, 2]


def test_a_failed_file_goes_on_at_the_failed_statement(stack) -> None:
    stack.migration(
        "1_a.sql",
        DIRECTIVE + "create table a (id int);\ninsert into a values (1);\nselect nonsense;\ninsert into a values (2);",
    )
    error = failed(stack)
    assert error.where == "migrations/1_a.sql:4:8" and "2 of its statements are done and kept" in error.expected
    assert (mirror(stack), versions(stack), unfinished(stack)) == ([(1, True)], [], [(1, "up", 2)])
    assert stack.run("status")["rows"][0]["state"] == "unfinished"
    stack.migration(
        "1_a.sql", DIRECTIVE + "create table a (id int);\ninsert into a values (1);\ninsert into a values (3);"
    )
    assert stack.run("migrate")["version"] == 1 and mirror(stack) == [(1, False)]
    assert stack.value("select array_agg(id order by id) from a") == [1, 3]


def test_statements_that_are_done_may_not_be_changed(stack) -> None:
    stack.migration("1_a.sql", DIRECTIVE + "create table a (id int);\nselect nonsense;")
    failed(stack)
    stack.migration("1_a.sql", DIRECTIVE + "create table a (id bigint);\nselect 1;")
    assert "its first 1 statements were changed" in failed(stack).found and versions(stack) == []


def test_an_invalid_index_is_named_with_what_mends_it(stack) -> None:
    stack.migration("1_a.sql", "create table a (id int); insert into a values (1), (1);")
    stack.migration("2_i.sql", DIRECTIVE + 'create unique index concurrently if not exists "I x" on a (id);')
    error = failed(stack)
    assert 'DROP INDEX CONCURRENTLY public."I x"' in error.next and error.where.startswith("migrations/2_i.sql")
    assert "an earlier try left" in failed(stack).found, "IF NOT EXISTS would pass over the invalid index"
    with stack.connect("admin") as conn:
        conn.execute('drop index concurrently public."I x"')
        conn.execute("delete from a")
    assert stack.run("migrate")["version"] == 2


def test_a_lone_statement_needs_no_directive_as_with_golang_migrate(stack) -> None:
    stack.migration("1_a.up.sql", "create table a (id int);")
    stack.migration("2_i.up.sql", "-- a comment; allowed\ncreate index concurrently i on a (id);\n")
    stack.migration("2_i.down.sql", "drop index concurrently i;")
    stack.run("migrate")
    assert table_exists(stack, "i") and stack.run("rollback")["version"] == 1
    assert not table_exists(stack, "i") and mirror(stack) == [(1, False)]


def test_a_rollback_that_stopped_goes_on_and_nothing_overtakes_it(stack) -> None:
    stack.migration("1_a.up.sql", "create table a (id int); create table b (id int);")
    stack.migration("1_a.down.sql", DIRECTIVE + "drop table a;\nselect nonsense;\ndrop table b;")
    stack.run("migrate")
    assert refused(stack, "rollback").where == "migrations/1_a.down.sql:3:8"
    assert (mirror(stack), versions(stack)) == ([(-1, True)], [1])
    assert "./invoke db.rollback" in failed(stack).next
    stack.migration("1_a.down.sql", DIRECTIVE + "drop table a;\ndrop table b;")
    assert stack.run("rollback")["version"] is None and mirror(stack) == [] and not table_exists(stack, "b")


def test_begin_and_commit_have_no_place_there(stack) -> None:
    stack.migration("1_a.sql", DIRECTIVE + "create table a (id int);\nbegin;\nselect 1;\ncommit;")
    assert failed(stack).where == "migrations/1_a.sql:3:1" and not table_exists(stack, "a")


def test_kill_9_in_a_statement_is_resumed_there(stack) -> None:
    stack.migration(
        "1_a.sql",
        DIRECTIVE + "create table a (id int);\ninsert into a values (1);\n"
        "select pg_sleep(600) from a where id = 1;\ninsert into a values (2);",
    )
    process = subprocess.Popen(
        asking.argv("migrate"),
        env={**os.environ, **stack.env},
        stdout=subprocess.PIPE,
        text=True,
    )
    until(
        lambda: stack.value(
            "select exists (select from pg_stat_activity where query like 'select pg_sleep(600)%' and state = 'active')"
        ),
        "the third statement is being run",
    )
    process.kill()
    process.communicate(timeout=PATIENCE)
    assert unfinished(stack) == [(1, "up", 2)] and mirror(stack) == [(1, True)]
    stack.migration(
        "1_a.sql", DIRECTIVE + "create table a (id int);\ninsert into a values (1);\ninsert into a values (2);"
    )
    assert stack.run("migrate")["version"] == 1 and stack.value("select count(*) from a") == 2


def test_an_index_that_was_ready_when_the_run_was_cut_off_is_not_built_twice(stack) -> None:
    stack.migration("1_a.sql", DIRECTIVE + "create table a (id int);\nselect nonsense;\n")
    failed(stack)
    stack.migration("1_a.sql", DIRECTIVE + "create table a (id int);\ncreate index concurrently i on a (id);\n")
    with stack.connect("admin") as conn:
        conn.execute("create index i on a (id)")
        conn.execute("update slipway.unfinished set doing = true")
    assert stack.run("migrate")["version"] == 1
    assert any("had finished it" in event["text"] for event in stack.events)


def cut_off_at(stack, sql: str) -> None:
    """The file's second statement is `sql`, and a run was killed while it was on its way."""
    stack.migration("2_b.sql", DIRECTIVE + "select 1;\nselect nonsense;\n")
    failed(stack)
    stack.migration("2_b.sql", DIRECTIVE + f"select 1;\n{sql}\n")
    with stack.connect("admin") as conn:
        conn.execute("update slipway.unfinished set doing = true")


def killed_in(stack, sql: str) -> None:
    """The runner was killed in the second statement, and the server has gone on with it to its end."""
    stack.migration("1_a.sql", DIRECTIVE + f"create table log (at int);\n{sql}\n")
    with stack.connect("admin") as other:
        other.execute("select pg_advisory_lock(77)")
        process = subprocess.Popen(asking.argv("migrate"), env={**os.environ, **stack.env}, stdout=subprocess.DEVNULL)
        waiting = "select exists (select from pg_locks where locktype = 'advisory' and objid = 77 and not granted)"
        until(lambda: other.execute(waiting).fetchone()[0], "the second statement is being run")
        process.kill()
        process.wait(PATIENCE)
    left = "select exists (select from pg_stat_activity where application_name = 'slipway migrate')"
    until(lambda: not stack.value(left), "the server has ended that session")


BLOCK = "do $$ begin {} perform pg_advisory_lock(77); insert into log values (1); end $$;"


def test_a_block_that_was_cut_off_is_run_once(stack) -> None:
    killed_in(stack, BLOCK.format(""))
    assert stack.run("migrate")["version"] == 1 and stack.value("select count(*) from log") == 1


def test_a_block_that_commits_by_itself_and_was_cut_off_is_asked_about(stack) -> None:
    sql = BLOCK.format("insert into log values (2); commit;")
    killed_in(stack, sql)
    error = failed(stack)
    assert error.where == "migrations/1_a.sql:3:1" and "may have finished it" in error.found
    assert stack.value("select count(*) from log") == 2 and unfinished(stack) == [(1, "up", 1)]
    again = f"-- slipway: no-transaction, repeatable\ncreate table log (at int);\n{sql}\n"
    stack.migration("1_a.sql", again)
    assert stack.run("migrate")["version"] == 1 and stack.value("select count(*) from log") == 4


def make_invalid(stack, index: str) -> None:
    with stack.connect("admin") as conn:
        conn.execute("update pg_index set indisvalid = false where indexrelid = %s::regclass", (index,))


def test_a_reindex_of_an_invalid_index_is_run_for_it_is_the_cure(stack) -> None:
    stack.migration("1_a.sql", "create table a (id int); create index i on a (id);")
    stack.run("migrate")
    make_invalid(stack, "i")
    stack.migration("2_b.sql", DIRECTIVE + "reindex index concurrently i;\nselect 1;\n")
    assert stack.run("migrate")["version"] == 2
    assert stack.value("select indisvalid from pg_index where indexrelid = 'i'::regclass")


def test_a_reindex_that_was_cut_off_is_run_again_though_its_index_is_valid(stack) -> None:
    stack.migration("1_a.sql", "create table a (id int); create index i on a (id);")
    stack.run("migrate")
    before = stack.value("select pg_relation_filenode('i')")
    cut_off_at(stack, "reindex index concurrently i;")
    assert stack.run("migrate")["version"] == 2 and stack.value("select pg_relation_filenode('i')") != before


OTHER = "create schema app; create schema other; create table app.a (id int); create table other.a (id int);"


def test_a_valid_index_of_that_name_in_another_schema_is_not_the_one_that_was_cut_off(stack) -> None:
    stack.migration("1_a.sql", OTHER + "create index i on other.a (id);")
    stack.run("migrate")
    cut_off_at(stack, "create index concurrently i on app.a (id);")
    assert stack.run("migrate")["version"] == 2 and table_exists(stack, "app.i")


def test_an_invalid_index_of_that_name_in_another_schema_is_not_an_earlier_try(stack) -> None:
    stack.migration("1_a.sql", OTHER + "create index i on other.a (id);")
    stack.run("migrate")
    make_invalid(stack, "other.i")
    stack.migration("2_b.sql", DIRECTIVE + "set search_path = app;\ncreate index concurrently i on a (id);\n")
    assert stack.run("migrate")["version"] == 2 and table_exists(stack, "app.i")


PARTED = """create table p (id int) partition by range (id); create table p1 partition of p for values from (0) to (9);
create index pi on p (id);"""


@pytest.mark.parametrize("sql", ["cluster", "reindex table p", "cluster p using pi"])
def test_a_statement_that_only_the_server_knows_to_refuse_a_transaction_is_sent_alone(stack, sql: str) -> None:
    stack.migration("1_a.sql", PARTED)
    stack.migration("2_b.sql", DIRECTIVE + f"select 1;\n{sql};\ncreate table b (id int);\n")
    assert stack.run("migrate")["version"] == 2 and table_exists(stack, "b") and mirror(stack) == [(2, False)]


def held_back(stack, file: str, until_told: bool, more: str = "") -> tuple[dict | MigrationError, list[str]]:
    """What a run of that file comes to while somebody writes into table a, for good or until it is told of a new try."""
    stack.migration("1_a.sql", "create table a (id int); insert into a values (1);" + more)
    stack.run("migrate")
    stack.migration("2_b.sql", DIRECTIVE + file)
    heard: list[str] = []
    with stack.connect("admin") as other:
        other.execute("begin; update a set id = 2")

        def emit(event: dict) -> None:
            heard.append(event["text"])
            if until_told and "trying again" in event["text"]:
                other.execute("rollback")

        try:
            return asking.ask("migrate", None, {**stack.env, "LOCK_TIMEOUT": "100ms"}, emit), heard
        except MigrationError as error:
            return error, heard


ADDS, BUILDS = "select 1;\nalter table a add b int;\n", "select 1;\ncreate index concurrently i on a (id);\n"


@pytest.mark.parametrize("file", [ADDS, BUILDS], ids=["transaction", "alone"])
def test_a_statement_whose_lock_does_not_come_is_tried_again_and_the_blocker_is_named(stack, file: str) -> None:
    error, heard = held_back(stack, file, until_told=False)
    assert error.where == "migrations/2_b.sql:3:1" and "5 tries" in error.found, error
    assert "blocked by process" in error.found and any("trying again" in text for text in heard)
    assert unfinished(stack) == [(2, "up", 1)]


@pytest.mark.parametrize("file", [ADDS, BUILDS], ids=["transaction", "alone"])
def test_a_statement_whose_lock_comes_late_is_done_and_no_invalid_index_is_left(stack, file: str) -> None:
    done, heard = held_back(stack, file, until_told=True)
    assert done["version"] == 2 and any("trying again" in text for text in heard)
    assert stack.value("select count(*) from pg_index where not indisvalid") == 0
    assert stack.value("select count(*) from pg_index where indrelid = 'a'::regclass") == (file == BUILDS)


def test_a_reindex_is_not_tried_again_and_what_it_left_is_named(stack) -> None:
    """Another session's reindex of the same index would leave the same name: it cannot be told whose it is."""
    file = "select 1;\nreindex index concurrently i;\n"
    error, heard = held_back(stack, file, until_told=False, more="create index i on a (id);")
    assert error.where == "migrations/2_b.sql:3:1" and "invalid index public.i_ccnew" in error.found, error
    assert not any("trying again" in text for text in heard)


@pytest.mark.parametrize("name", ["no-transactions", "compatable"])
def test_an_unknown_directive_is_refused(stack, name: str) -> None:
    stack.migration("1_a.sql", f"-- slipway: {name}\nselect 1;")
    with pytest.raises(MigrationError, match="unknown directive"):
        stack.run("migrate")
