"""Restores that are killed, at any moment: the live database is whole, and the next run leaves nothing of them behind."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time

import pytest

from tests.support import restoring
from tests.support.campaign import sized
from tests.support.restoring import backup, contents, databases
from tests.support.waiting import PATIENCE, until

TIMES = sized(10, 1000)
SEED = 5


@pytest.fixture
def shop(stack):
    yield restoring.filled(stack)
    restoring.tidy(stack)


def begun(stack, verb: str, **args: object) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "slipway.ops", verb, json.dumps(args)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **stack.env},
    )


def half_made(stack) -> list[str]:
    return [name for name in databases(stack) if "_restore_" in name and "_before_" not in name]


def busy(stack) -> bool:
    """Whether pg_restore writes rows into a new database."""
    with stack.connect_admin() as conn:
        return (
            conn.execute(
                "select count(*) from pg_stat_activity where application_name = 'pg_restore' and "
                "starts_with(datname, %s)",
                (f"{stack.database}_restore_",),
            ).fetchone()[0]
            > 0
        )


def test_killed_at_random_moments_the_live_database_is_the_whole_old_or_the_whole_new_one(shop) -> None:
    """The moments are spread over the time that a restore takes, and so is the swap."""
    new, name = contents(shop), backup(shop)
    with shop.connect("admin") as conn:
        conn.execute("drop table posts; delete from users; insert into users (name) values ('new since')")
    old, started = contents(shop), time.monotonic()
    shop.run("restore", {"id": name, "into": f"{shop.database}_timing"})
    whole, dice, seen = time.monotonic() - started, random.Random(SEED), set()
    for turn in range(TIMES):
        child = begun(shop, "restore", id=name)
        time.sleep((turn + dice.random()) / TIMES * (whole + 1.0))  # a moment to be hit, and not one to be waited for
        child.kill()
        child.communicate()
        found = contents(shop)
        assert found in (old, new)
        seen.add("new" if found == new else "old")
        with shop.connect("admin") as conn:
            if found == new:
                conn.execute("drop table posts; delete from users; insert into users (name) values ('new since')")
    assert "old" in seen
    shop.run("restore", {"id": name})
    done = shop.run("restore.drop")
    assert contents(shop) == new and half_made(shop) == []
    assert databases(shop) == [shop.database, f"{shop.database}_timing"]
    assert all(name == shop.database or "before_restore" in name for name in done["dropped"])


@pytest.mark.parametrize("args", [{}, {"into": "elsewhere"}])
def test_what_a_killed_restore_left_is_dropped_by_the_next_and_told(shop, args) -> None:
    args = {name: f"{shop.database}_{value}" for name, value in args.items()}
    name = backup(shop)
    with shop.connect("admin") as conn:
        conn.execute("insert into users (name) select 'more ' || n from generate_series(1, 300000) n")
    name = backup(shop)
    child = begun(shop, "restore", id=name, **args)
    until(lambda: busy(shop), "pg_restore works")
    child.kill()
    child.communicate()
    (left,) = half_made(shop)
    done = shop.run("restore", {"id": name, **args})
    assert (
        f"database {left}: half-made by a restore that was cut short, dropped" in done["notes"]
        and half_made(shop) == []
    )


def test_a_restore_that_is_told_to_end_leaves_nothing(shop) -> None:
    with shop.connect("admin") as conn:
        conn.execute("insert into users (name) select 'more ' || n from generate_series(1, 300000) n")
    before, name = contents(shop), backup(shop)
    child = begun(shop, "restore", id=name)
    until(lambda: busy(shop), "pg_restore works")
    child.send_signal(signal.SIGTERM)
    out, _ = child.communicate(timeout=PATIENCE)
    assert child.returncode == 130 and '"interrupted"' in out
    assert databases(shop) == [shop.database] and contents(shop) == before


def test_a_full_disk_of_the_server_leaves_the_live_database(folder, small_disk) -> None:
    with restoring.own_server(small_disk(220)) as shop:
        with restoring.connected(shop) as conn:
            conn.execute(
                "create table big (t text); alter table big alter column t set storage external; "
                "insert into big select repeat(md5(n::text), 300) from generate_series(1, 8000) n; checkpoint"
            )
        shop.env["BACKUP_DIR"] = str(folder / "elsewhere")
        before, name = contents(shop), backup(shop)
        from slipway.errors import BackupError

        with pytest.raises(BackupError) as caught:
            shop.run("restore", {"id": name})
        assert "No space left on device" in str(caught.value.fields()) and "room" in caught.value.expected
        assert contents(shop) == before and databases(shop) == [shop.database]
