"""The migration runner among others and in bad weather: two runners, held locks, signals, kills, a lost server."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading

import pytest

from slipway.data.migrations import files
from slipway.errors import LockHeld, MigrationError
from tests.embedded.data import conftest
from tests.support import asking, services
from tests.support.migrating import failed, mirror, table_exists, tables, versions
from tests.support.waiting import PATIENCE, until

HOLDS = """select exists (select from pg_stat_activity where application_name = 'slipway migrate'
and query like '%{}%' and wait_event is not null and state = 'active')"""


def test_two_runners_at_once_apply_each_file_once(stack) -> None:
    for number in range(1, 8):
        stack.migration(f"{number}_t.sql", f"create table t{number} (id int); select pg_sleep(0.02);")
    found: list[dict] = []
    threads = [threading.Thread(target=lambda: found.append(stack.run("migrate"))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(each["version"] for result in found for each in result["applied"]) == list(range(1, 8))
    assert versions(stack) == list(range(1, 8)) and len(found) == 3


def test_a_held_lock_is_named_with_its_holder(stack) -> None:
    """The key is golang-migrate's, so its runs and ours keep out of each other's way."""
    with stack.connect("migrate") as other:
        other.execute("select pg_advisory_lock(%s)", (files.lock_key(stack.database),))
        with pytest.raises(LockHeld) as caught:
            stack.run("migrate", GATE_TIMEOUT="0.3")
        assert f"held by process {other.info.backend_pid} " in caught.value.found and caught.value.code == 3
    assert stack.run("migrate")["applied"] == []


def test_a_table_lock_is_not_waited_for_longer_than_lock_timeout(stack) -> None:
    stack.migration("1_a.sql", "create table a (id int);")
    stack.run("migrate")
    stack.migration("2_b.sql", "select 1;\nalter table a add b int;")
    with stack.connect("app") as other, other.transaction():
        other.execute("select * from a")
        error = failed(stack, LOCK_TIMEOUT="100ms")
    assert error.where == "migrations/2_b.sql:2:1"
    assert "lock timeout" in error.found and "LOCK_TIMEOUT" in error.expected
    assert stack.run("migrate")["version"] == 2


def test_a_deadlock_is_tried_again_and_names_the_table(stack) -> None:
    """The other session holds b and waits for a before the file, which holds a, waits for b: the file closes the circle,
    and it is the file that the server ends, since the other one would look only after a minute."""
    stack.migration("1_a.sql", "create table a (id int); create table b (id int);")
    stack.run("migrate")
    stack.migration("2_b.sql", "alter table a add x int;\nselect pg_advisory_xact_lock(78);\nalter table b add x int;")
    waits = "select exists (select from pg_locks where {} and not granted)"

    def stand_in_the_way() -> None:
        with stack.connect("admin") as other, other.transaction():
            other.execute("set local deadlock_timeout = '300s'")
            other.execute("select * from b")
            until(lambda: stack.value(waits.format("locktype = 'advisory' and objid = 78")), "the file holds a")
            other.execute("select * from a")

    with stack.connect("admin") as gate:
        gate.execute("select pg_advisory_lock(78)")
        other = threading.Thread(target=stand_in_the_way)
        file = threading.Thread(target=lambda: stack.run("migrate", LOCK_TIMEOUT="300s"))
        other.start()
        file.start()
        until(lambda: stack.value(waits.format("relation = to_regclass('public.a')")), "the other session waits for a")
        gate.execute("select pg_advisory_unlock(78)")
        file.join(PATIENCE)
        other.join(PATIENCE)
    heard = " ".join(event["text"] for event in stack.events)
    assert "deadlock detected" in heard and "table b" in heard and versions(stack) == [1, 2]


OTHER_TOOLS = {
    "dbmate's": "version varchar(128) primary key",
    "Ecto": "version bigint primary key, inserted_at timestamp(0)",
    "another tool's": "id int, filename text",
}


@pytest.mark.parametrize(("whose", "columns"), OTHER_TOOLS.items())
def test_a_table_of_that_name_that_is_another_tools_is_told_as_such(stack, whose: str, columns: str) -> None:
    stack.migration("1_a.sql", "create table a (id int);")
    with stack.connect("migrate") as conn:
        conn.execute(f"create table schema_migrations ({columns})")
    for verb in ("migrate", "status", "adopt", "observe"):
        try:
            found = stack.run(verb)
        except MigrationError as error:
            assert error.where == "public.schema_migrations" and whose in error.found and "RENAME" in error.next
        else:
            assert verb == "observe" and whose in str(found)
    assert not table_exists(stack, "a")


def start_migrate(stack) -> subprocess.Popen:
    return subprocess.Popen(
        asking.argv("migrate"),
        env={**os.environ, **stack.env},
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_cancels_rolls_back_and_ends_with_130(stack, number: int) -> None:
    stack.migration("1_a.sql", "create table a (id int); select pg_sleep(600);")
    process = start_migrate(stack)
    until(lambda: stack.value(HOLDS.format("pg_sleep(600)")), "the file is being run")
    process.send_signal(number)
    out, _ = process.communicate(timeout=PATIENCE)
    event = json.loads(out.splitlines()[-1])
    assert process.returncode == 130 and event["error"]["kind"] == "interrupted"
    until(lambda: not stack.value(HOLDS.format("pg_sleep(600)")), "the query is gone")
    assert versions(stack) == [] and not table_exists(stack, "a")


def test_kill_9_in_the_middle_leaves_whole_files_and_the_next_run_goes_on(stack) -> None:
    stack.migration("1_a.sql", "create table a (id int);")
    stack.migration("2_b.sql", "create table b (id int); select pg_sleep(600);")
    process = start_migrate(stack)
    until(lambda: stack.value(HOLDS.format("pg_sleep(600)")), "the second file is being run")
    process.kill()
    process.communicate(timeout=PATIENCE)
    stack.migration("2_b.sql", "create table b (id int);")
    assert stack.run("migrate")["version"] == 2 and versions(stack) == [1, 2]


def test_a_server_killed_in_the_middle_of_the_third_of_five_files_leaves_whole_files_only(
    own_postgres, tmp_path
) -> None:
    own_postgres.start_and_wait()
    stack = conftest.stack_on(own_postgres, tmp_path)
    stack.run("roles")
    for number in range(1, 6):
        stack.migration(f"{number}_t.sql", f"create table t{number} (id int);")
    stack.migration("3_t.sql", "create table t3 (id int); select pg_sleep(600);")
    errors: list[MigrationError] = []
    thread = threading.Thread(target=lambda: errors.append(failed(stack)))
    thread.start()
    until(lambda: stack.value(HOLDS.format("pg_sleep(600)")), "the third file is being run")
    crash(own_postgres)
    thread.join(30)
    assert errors[0].where == "migrations/3_t.sql" and "the server went away" in errors[0].found
    stack.run("gate.postgres")
    # Those before did not wait for the disk: each is there whole, or not at all and then none after it.
    kept = versions(stack)
    assert kept in ([], [1], [1, 2]) and tables(stack) == [f"t{number}" for number in kept]
    assert kept == [] or mirror(stack) == [(kept[-1], False)]
    stack.migration("3_t.sql", "create table t3 (id int);")
    assert [each["version"] for each in stack.run("migrate")["applied"]] == list(range(len(kept) + 1, 6))
    assert versions(stack) == [1, 2, 3, 4, 5] and tables(stack) == [f"t{number}" for number in range(1, 6)]
    assert mirror(stack) == [(5, False)]


def crash(postgres: services.Postgres) -> None:
    postgres.server.kill()
    until(lambda: restarted(postgres), "the server starts again after its crash")


@pytest.mark.parametrize("ending", ["select 1;", "select nonsense;"], ids=["good", "failed"])
def test_what_a_run_has_told_outlasts_a_crash_right_after_it(own_postgres, tmp_path, ending: str) -> None:
    """Only the last file waits for the disk, or the end of a run that fails: whoever hears of it hears of it after."""
    own_postgres.start("-c", "wal_writer_delay=10s", "-c", "bgwriter_delay=10s")
    until(own_postgres.ready, "postgres accepts connections")
    stack = conftest.stack_on(own_postgres, tmp_path)
    stack.run("roles")
    for number in range(1, 6):
        stack.migration(f"{number}_t.sql", f"create table t{number} (id int); insert into t{number} values ({number});")
    stack.migration("6_end.sql", ending)
    failed(stack) if "nonsense" in ending else stack.run("migrate")
    crash(own_postgres)
    stack.run("gate.postgres")
    assert tables(stack) == [f"t{number}" for number in range(1, 6)]
    assert versions(stack) == list(range(1, 6 if "nonsense" in ending else 7))
    assert stack.value("select id from t5") == 5


def restarted(postgres: services.Postgres) -> bool:
    """Whether it runs; a new server refuses to start while a child of the killed one is still going away."""
    if postgres.server.process is None or postgres.server.process.poll() is not None:
        postgres.start()
    return postgres.ready()
