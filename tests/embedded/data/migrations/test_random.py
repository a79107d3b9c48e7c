"""Whatever happens, in whatever order: history, golang-migrate's row and the catalog say the same."""

from __future__ import annotations

import os
import random
import subprocess
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from slipway.errors import MigrationError
from tests.support import asking
from tests.support.campaign import sized
from tests.support.migrating import mirror, tables, versions
from tests.support.waiting import until

GONE = """select not exists (select from pg_stat_activity where datname = current_database()
and application_name like 'slipway %')"""
NUMBERS = (1, 2, 4, 7, 8)
KILLS = sized(50, 1000)
MOVES = st.sampled_from([("migrate", {}), ("rollback", {"steps": 2}), *(("goto", {"version": n}) for n in NUMBERS)])
STEPS = st.one_of(
    st.just(("migrate", {})),
    st.tuples(st.just("migrate"), st.sampled_from([{"to": n} for n in NUMBERS])),
    st.tuples(st.just("rollback"), st.sampled_from([{"steps": n} for n in (1, 2, 3)])),
    st.tuples(st.just("goto"), st.sampled_from([{"version": n} for n in NUMBERS])),
    st.just(("redo", {})),
    st.just(("migrate.try", {})),
    st.tuples(st.just("break up"), st.sampled_from(NUMBERS)),
    st.tuples(st.just("break down"), st.sampled_from(NUMBERS)),
    st.just(("mend", {})),
    st.tuples(st.just("kill"), st.tuples(MOVES, st.floats(0.1, 0.5))),
)


def up(number: int) -> str:
    """Number 4 is run statement by statement."""
    directive = "-- slipway: no-transaction\n" if number == 4 else ""
    return f"{directive}create table t{number} (id int);\ninsert into t{number} values (1);"


def mend(stack) -> None:
    for number in NUMBERS:
        stack.migration(f"{number}_t.up.sql", up(number))
        stack.migration(f"{number}_t.down.sql", f"drop table t{number};")


def break_file(stack, way: str, number: int) -> None:
    """A pending file, or any downward one, fails from now on after it has changed something."""
    if way == "down":
        stack.migration(f"{number}_t.down.sql", f"drop table t{number};\nselect nonsense;")
    elif number not in versions(stack) and not unfinished(stack):
        stack.migration(f"{number}_t.up.sql", up(number) + "\nselect nonsense;")


def unfinished(stack) -> list[tuple]:
    with stack.connect("admin") as conn:
        if conn.execute("select to_regclass('slipway.unfinished')").fetchone() == (None,):
            return []
        return conn.execute("select version, way, target, done from slipway.unfinished").fetchall()


def killed(stack, verb: str, args: dict, seconds: float) -> None:
    """A run in a process of its own that is killed after so long."""
    words = asking.argv(verb, args)
    process = subprocess.Popen(words, env={**os.environ, **stack.env}, stdout=subprocess.DEVNULL)
    time.sleep(seconds)
    process.kill()
    process.wait(30)
    # What its session is just committing would come between one look of ours and the next.
    until(lambda: stack.value(GONE), "the session of the killed run is gone")


def agree(stack) -> None:
    """History, row and catalog tell one story; a file that is run statement by statement tells its own part of it."""
    known, stopped, made = versions(stack), unfinished(stack), tables(stack)
    if not stopped:
        assert made == [f"t{number}" for number in known], (known, made)
        with stack.connect("admin") as conn:
            exists = conn.execute("select to_regclass('public.schema_migrations')").fetchone() != (None,)
        assert not exists or mirror(stack) == ([(known[-1], False)] if known else [])
        return
    ((version, way, target, done),) = stopped
    assert mirror(stack) == [(target, True)] and (version in known) == (way == "down")
    expected = {*known, version} if way == "up" and done else set(known)
    assert made == [f"t{number}" for number in sorted(expected)]


@settings(max_examples=sized(12, 500), deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(STEPS, min_size=3, max_size=9))
def test_history_row_and_catalog_always_agree(stack, steps: list) -> None:
    start_again(stack)
    for verb, args in steps:
        if verb == "mend":
            mend(stack)
        elif verb.startswith("break"):
            break_file(stack, verb.split()[1], args)
        elif verb == "kill":
            (doing, words), seconds = args
            killed(stack, doing, words, seconds)
        else:
            try:
                stack.run(verb, args)
            except MigrationError as error:
                assert error.where and error.found and error.next
        agree(stack)
    mend(stack)
    if unfinished(stack):
        stack.run("migrate")
    assert stack.run("goto", {"version": NUMBERS[-1]})["version"] == NUMBERS[-1]
    agree(stack)


def start_again(stack) -> None:
    """The same database with nothing in it."""
    mend(stack)
    with stack.connect("admin") as conn:
        names = ", ".join(f"t{number}" for number in NUMBERS)
        conn.execute(f"drop table if exists {names}, public.schema_migrations; drop schema if exists slipway cascade")


@pytest.fixture
def fifty(stack):
    """Fifty files of which each changes two tables, so that half a file would show."""
    stack.migration("000_all.up.sql", "create table counted (n int);")
    stack.migration("000_all.down.sql", "drop table counted;")
    for number in range(1, 51):
        stack.migration(
            f"{number:03}_t.up.sql",
            f"create table t{number} (id int);\ninsert into counted values ({number});\nselect pg_sleep(0.002);",
        )
        stack.migration(f"{number:03}_t.down.sql", f"drop table t{number}; delete from counted where n = {number};")
    return stack


def test_killed_at_random_moments_no_file_is_half_applied_and_the_next_run_completes(fifty) -> None:
    """SIGKILL to the runner's process; it is forked from one that has everything imported, to have many moments."""
    moments = random.Random(7)
    fifty.run("migrate")
    hit = 0
    for _ in range(KILLS):
        fifty.run("goto", {"version": 0}) if versions(fifty)[-1] > 25 else None
        child = os.fork()
        if child == 0:
            try:
                fifty.run("migrate")
            finally:
                os._exit(0)
        time.sleep(moments.uniform(0, 0.25))
        os.kill(child, 9)
        hit += os.WIFSIGNALED(os.waitpid(child, 0)[1])
        whole(fifty)
    assert hit >= KILLS // 2, f"{hit} of {KILLS} kills met a process that still ran"
    assert fifty.run("migrate")["version"] == 50
    whole(fifty)


def whole(stack) -> None:
    """One look, in one snapshot: versions, tables, rows and golang-migrate's row agree."""
    with stack.connect("admin") as conn, conn.transaction():
        conn.execute("set transaction isolation level repeatable read")
        known = {row[0] for row in conn.execute("select version from slipway.history")}
        made = {
            row[0]
            for row in conn.execute("select substr(tablename, 2)::int from pg_tables where tablename ~ '^t[0-9]+$'")
        }
        counted = {row[0] for row in conn.execute("select n from counted")}
        row = conn.execute("select version, dirty from schema_migrations").fetchall()
    assert known == made | {0} == counted | {0} and row == [(max(known), False)]
