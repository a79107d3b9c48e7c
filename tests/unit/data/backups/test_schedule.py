"""When a backup is due, what a restart makes of one that was missed, and what is said of trouble."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.config import types
from slipway.data.backups import schedule

DAILY = "30 3 * * *"
BEGUN = datetime(2026, 11, 20, 12, tzinfo=UTC)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def record(**facts) -> dict:
    return schedule.fresh(DAILY, BEGUN) | facts


DONE = {"due": "2026-11-24T03:30:00Z", "ok": True, "tries": 1, "ended": "2026-11-24T03:31:00Z"}
FAILED = DONE | {"ok": False, "error": "pg_dump: no room"}


@pytest.mark.parametrize(
    ("now", "known", "due"),
    [
        (at(20, 13), record(), None),
        (at(21, 3, 29), record(), None),
        (at(21, 3, 30), record(), at(21, 3, 30)),
        (at(24, 18), record(), at(24, 3, 30)),
        (at(24, 18), record(**DONE), None),
        (at(25, 3, 29), record(**DONE), None),
        (at(25, 3, 31), record(**DONE), at(25, 3, 30)),
        (at(24, 3, 32), record(**FAILED), None),
        (at(24, 3, 37), record(**FAILED), at(24, 3, 30)),
        (at(24, 3, 37), record(**FAILED | {"tries": 3}), None),
        (at(25, 4), record(**FAILED | {"tries": 3}), at(25, 3, 30)),
    ],
)
def test_what_is_due(now, known, due):
    assert schedule.find_due(known, now) == due


@pytest.mark.parametrize(
    ("now", "known", "words"),
    [
        (at(20, 13), {}, "nobody follows"),
        (at(20, 13), record(schedule="0 0 * * *"), "nobody follows"),
        (at(20, 13), record(), ""),
        (at(21, 3, 40), record(), ""),
        (at(21, 3, 46), record(), "due at 2026-11-21 03:30 UTC was not taken"),
        (at(21, 4), record(running="2026-11-21T03:30:05Z"), ""),
        (at(22, 12), record(running="2026-11-21T03:30:05Z"), "was not taken"),
        (at(24, 12), record(**DONE), ""),
        (at(24, 12), record(**FAILED), "failed: pg_dump: no room"),
        (at(25, 12), record(**DONE), "due at 2026-11-25 03:30 UTC was not taken"),
    ],
)
def test_what_is_said(now, known, words):
    said = schedule.trouble(DAILY, known, now)
    assert words in said and bool(words) == bool(said)


def test_a_record_of_a_time_that_has_not_come_is_known():
    assert not schedule.ahead(record(**DONE), at(24, 4))
    assert schedule.ahead(record(**DONE), at(23, 4)) and schedule.ahead(record(), at(19, 12))


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)).map(
        lambda moment: moment.replace(microsecond=0)
    ),
    st.sampled_from([DAILY, "*/7 * * * *", "0 0 29 2 *", "15 4 * * 1"]),
)
def test_one_that_is_due_now_precedes_now_and_the_next_follows_it(now, text):
    before, after = schedule.last_due(text, now), schedule.next_due(text, now)
    assert before <= now < after and schedule.next_due(text, before) == after


@given(st.lists(st.integers(1, 4000), max_size=30))
def test_every_due_moment_is_taken_once_however_often_it_is_looked(minutes):
    now, known, taken = BEGUN, schedule.fresh("0 * * * *", BEGUN), []
    for step in minutes:
        now += timedelta(minutes=step)
        if due := schedule.find_due(known, now):
            taken.append(due)
            known |= {"due": schedule.stamp(due), "ok": True, "tries": 1, "ended": schedule.stamp(now)}
        assert not taken or taken[-1] == schedule.last_due("0 * * * *", now)
    assert taken == sorted(set(taken))


@pytest.mark.parametrize(
    "text", ["61 * * * *", "* * * *", "* * * * * *", "daily", "@daily", "30 3 * * mon-", "0 0 31 2 *"]
)
def test_what_is_no_schedule_is_refused(text):
    with pytest.raises(ValueError, match="five fields"):
        types.cron(text)


@pytest.mark.parametrize("text", ["", DAILY, "*/15 0-6 1,15 * MON", "0 4 * * 7"])
def test_what_cron_takes_is_taken(text):
    assert types.cron(text) == text
