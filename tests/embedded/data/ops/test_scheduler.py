"""The process that takes scheduled backups: once for each due moment, after a deploy, again after a failure or a kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from slipway.data import endpoints, records
from slipway.data.backups import folder, schedule
from slipway.errors import VerificationError
from tests.support.waiting import PATIENCE, until

TURN = (
    "import os; from slipway.data import endpoints; from slipway.ops import scheduler; "
    "scheduler.turn(endpoints.read(os.environ))"
)
HOURLY = "0 * * * *"


@pytest.fixture
def scheduled(stack):
    """A stack with a table, and a schedule that has been followed since three hours ago."""
    stack.env.update({"BACKUP_SCHEDULE": HOURLY, "BACKUP_DRILL": "never"})
    remember(stack)
    with stack.connect("admin") as conn:
        conn.execute("CREATE TABLE t AS SELECT generate_series(1, 1000) AS id")
    return stack


def remember(stack, **facts) -> None:
    since = datetime.now(UTC) - timedelta(hours=3)
    records.write(Path(stack.env["STATE_DIR"]), schedule.RECORD, schedule.fresh(HOURLY, since) | facts)


def record(stack) -> dict:
    return records.read(Path(stack.env["STATE_DIR"]), schedule.RECORD)


def begin(stack, *argv: str, **env: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, *argv],
        env={**os.environ, **stack.env, **env},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def turn(stack, **env: str) -> str:
    said, _ = begin(stack, "-c", TURN, **env).communicate(timeout=PATIENCE)
    assert "Traceback" not in said, said
    return said


def kinds(stack) -> list[str]:
    return [each["kind"] for each in folder.list_backups(endpoints.read(stack.env))]


def test_one_backup_for_all_that_was_due_and_then_none(scheduled) -> None:
    hour = schedule.last_due(HOURLY, datetime.now(UTC))
    turn(scheduled)
    turn(scheduled)
    assert kinds(scheduled) == ["schedule"]
    found = record(scheduled)
    assert (found["ok"], found["tries"], found["running"]) == (True, 1, None)
    assert found["due"] == schedule.stamp(hour)
    assert scheduled.run("backups.standing")["schedule"]["trouble"] == ""


def test_it_is_proven_at_once_unless_that_is_not_wanted(scheduled) -> None:
    turn(scheduled, BACKUP_DRILL="schedule")
    (made,) = folder.list_backups(endpoints.read(scheduled.env))
    assert made["proven"] and scheduled.run("backups.check", {"max_age": 3600})["id"] == made["id"]


def test_a_new_schedule_begins_now(scheduled) -> None:
    turn(scheduled, BACKUP_SCHEDULE="30 3 * * *")
    assert kinds(scheduled) == [] and record(scheduled)["schedule"] == "30 3 * * *"


def test_a_failure_is_told_and_tried_again_later(scheduled) -> None:
    turn(scheduled, ADMIN_DATABASE_URL="postgresql://postgres:wrong@127.0.0.1:1/postgres")
    assert kinds(scheduled) == [] and record(scheduled)["ok"] is False
    assert "failed" in scheduled.run("backups.standing")["schedule"]["trouble"]
    with pytest.raises(VerificationError):
        scheduled.run("backups.check", {"max_age": 3600})
    turn(scheduled)
    assert kinds(scheduled) == [], "it is not tried again at once"
    remember(scheduled, **record(scheduled) | {"ended": schedule.stamp(datetime.now(UTC) - timedelta(minutes=6))})
    turn(scheduled)
    assert kinds(scheduled) == ["schedule"] and record(scheduled)["ok"] is True
    assert scheduled.run("backups.standing")["schedule"]["trouble"] == ""


def test_a_miss_is_told_when_nobody_followed(scheduled) -> None:
    remember(
        scheduled,
        since=schedule.stamp(datetime.now(UTC) - timedelta(hours=5)),
        due=schedule.stamp(datetime.now(UTC) - timedelta(hours=4)),
        ok=True,
    )
    assert "was not taken" in scheduled.run("backups.standing")["schedule"]["trouble"]


def test_it_waits_for_a_deploy_that_is_under_way(scheduled) -> None:
    begun = scheduled.run("releases.begin", {"record": {"config": "x", "revision": "abc", "image": "", "colour": ""}})
    child = begin(scheduled, "-c", TURN)
    assert "waits for the deploy" in child.stdout.readline()
    assert kinds(scheduled) == []
    scheduled.run("releases.close", {"id": begun["record"]["id"], "facts": {"result": "good"}})
    child.communicate(timeout=PATIENCE)
    assert kinds(scheduled) == ["schedule"]


def test_one_that_was_killed_is_taken_by_the_next(scheduled) -> None:
    with scheduled.connect("admin") as conn:
        conn.execute("BEGIN; LOCK TABLE t IN ACCESS EXCLUSIVE MODE")
        child = begin(scheduled, "-c", TURN)
        until(lambda: record(scheduled).get("running"), "it begins")
        os.killpg(child.pid, signal.SIGKILL)
        child.communicate(timeout=PATIENCE)
    assert kinds(scheduled) == []
    turn(scheduled)
    assert kinds(scheduled) == ["schedule"] and record(scheduled)["ok"] is True


def test_the_process_ends_when_it_is_told_to_and_takes_its_backup_with_it(scheduled) -> None:
    with scheduled.connect("admin") as conn:
        conn.execute("BEGIN; LOCK TABLE t IN ACCESS EXCLUSIVE MODE")
        child = begin(scheduled, "-m", "slipway.ops.scheduler")
        until(lambda: record(scheduled).get("running"), "it begins")
        child.terminate()
        said, _ = child.communicate(timeout=PATIENCE)
    assert child.returncode == 0 and "Traceback" not in said
    assert kinds(scheduled) == [] and not list(Path(scheduled.env["BACKUP_DIR"]).glob(".partial-*"))
    assert record(scheduled)["ok"] is False
