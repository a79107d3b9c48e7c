"""A signal in the middle of a long migration ends `up` at once, in the database too, and half of nothing is kept."""

from __future__ import annotations

import signal

import pytest

from tests.support.clone import Clone, assert_refused
from tests.support.waiting import until

pytestmark = pytest.mark.scenario

SLEEPERS = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_a_signal_in_a_long_migration_leaves_nothing_half_applied(own: Clone, number: signal.Signals):
    table = f"after_{number.name.lower()}"
    migration = own.root / "migrations" / f"{900 + number}_slow.up.sql"
    migration.write_text(f"CREATE TABLE {table} (n int);\nSELECT pg_sleep(600);\n")
    run = own.begin("up")
    until(lambda: own.sql(SLEEPERS) == "1", "the migration is at its long statement")
    run.process.send_signal(number)
    assert_refused(run.done(), 130, "cut short: migrate")
    until(lambda: own.sql(SLEEPERS) == "0", "the session of the migration is gone")
    assert own.sql(f"SELECT to_regclass('{table}') IS NULL") == "t"

    migration.write_text(f"CREATE TABLE {table} (n int);\n")
    own.assert_right()
    assert own.sql(f"SELECT count(*) FROM {table}") == "0"


def test_a_signal_while_containers_start_is_made_good_by_the_next_up(own: Clone):
    own.succeed("down")
    run = own.begin("up")
    until(lambda: bool(own.ids()), "a container runs")
    run.process.send_signal(signal.SIGTERM)
    assert_refused(run.done(), 130)
    own.assert_right()
