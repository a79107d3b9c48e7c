"""Whatever is killed while `up` runs, that run says so truthfully, the next one heals it, and no data is lost."""

from __future__ import annotations

import signal

import pytest

from tests.support.campaign import sized
from tests.support.clone import Clone, Done, assert_refused, assert_running
from tests.support.containers import must
from tests.support.waiting import until

pytestmark = pytest.mark.scenario

# Gate, migration, health, engine: what can fail when a service goes away.
HONEST = (4, 5, 6, 9)


@pytest.fixture(scope="module", autouse=True)
def patience(own: Clone) -> None:
    own.settle(GATE_TIMEOUT="10")


SERVICES = sized(["postgres", "ops", "gateway"], ["postgres", "redis", "objects", "ops", "app", "gateway"])


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_killed_during_up_is_healed_and_the_data_is_intact(own: Clone, service: str):
    must("rm", "--force", own.id(service))
    run = own.begin("up")
    must("kill", assert_running(own, service))
    told(run.done())
    own.assert_right()


def test_postgres_killed_in_its_first_start_is_healed(fresh: Clone):
    run = fresh.begin("up")
    must("kill", assert_running(fresh, "postgres"))
    told(run.done())
    fresh.succeed("up")
    fresh.write_data()
    fresh.assert_right()
    assert fresh.sql("SELECT count(*) FROM tasks") == "7"


def test_up_itself_killed_at_a_gate_is_taken_up_again_by_the_next(own: Clone):
    own.succeed("down")
    run = own.begin("up")
    assert_running(own, "ops")
    run.process.send_signal(signal.SIGKILL)
    assert run.done().code == -signal.SIGKILL
    own.assert_right()


def test_up_itself_killed_in_a_migration_leaves_whole_files_only(own: Clone):
    migration = own.root / "migrations" / "900_slow.up.sql"
    awake = "EXISTS (SELECT FROM pg_class WHERE relname = 'awake')"
    wait = f"DO $$ BEGIN WHILE NOT {awake} LOOP PERFORM pg_sleep(0.1); END LOOP; END $$"
    migration.write_text(f"CREATE TABLE slow (n int);\n{wait};\nINSERT INTO slow VALUES (1);\n")
    run = own.begin("up")
    until(lambda: own.sql("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'") == "1", "it sleeps")
    run.process.send_signal(signal.SIGKILL)
    assert run.done().code == -signal.SIGKILL
    own.sql("CREATE TABLE awake ()")
    own.assert_right()
    assert own.sql("SELECT count(*) FROM slow") == "1"


def told(done: Done) -> None:
    """It healed by itself, or ended with one clear error and its exit code."""
    if done.code:
        assert done.code in HONEST, done.text
        assert_refused(done, done.code)
