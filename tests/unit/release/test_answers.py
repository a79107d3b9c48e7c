"""What the gateway counted: what of it came between, what is too much, and what a release says of it."""

from __future__ import annotations

import pytest

from slipway.errors import EngineError, GateError, HealthError
from slipway.ops.interface import Tally
from slipway.plan import Silent
from slipway.release import answers, history, rollout
from slipway.release.record import Record
from tests.support import fakes


@pytest.mark.parametrize(
    ("before", "now", "counted"),
    [
        ((10, 1, 0), (15, 3, 1), (5, 2, 1)),
        ((10, 1, 4), (10, 1, 4), (0, 0, 0)),
        # A gateway that was started anew counts from nothing.
        ((10, 5, 2), (4, 1, 0), (4, 1, 0)),
        ((10, 5, 2), (12, 1, 1), (12, 1, 1)),
        ((10, 5, 0), (12, 1, 0), (2, 0, 0)),
    ],
)
def test_counts_go_on_over_a_restart_of_the_gateway(before, now, counted):
    assert answers.since(Tally(*before), Tally(*now)) == Tally(*counted)


@pytest.mark.parametrize(
    ("found", "too_many"),
    [
        ((0, 0, 0), False),
        ((1, 1, 0), False),  # one bad request of anybody
        ((2, 2, 0), False),
        ((3, 3, 0), True),
        ((6, 3, 0), False),  # of few answers, more than half
        ((5, 3, 0), True),
        ((10, 1, 0), False),
        ((59, 3, 0), True),
        ((60, 3, 0), False),
        ((1000, 50, 0), False),
        ((1000, 51, 0), True),
        ((0, 0, 500), False),  # the gateway's own say nothing by themselves
    ],
)
def test_a_release_has_too_many_5xx_only_where_there_are_enough_to_be_no_accident(found, too_many):
    assert answers.too_many_failed(Tally(*found), 5) is too_many


class Colours:
    beside, notice = True, ""

    def gave_up(self, colour):
        return ""

    def restarts(self, colour):
        return 0

    def target(self, colour, patience):
        return None

    def log(self, colour, lines):
        return ()


class Counting(fakes.Machine):
    """An engine whose gateway counts so in turn, and whose app is ready or not."""

    def __init__(self, *tallies, ready=True) -> None:
        super().__init__(rollout=Colours())
        vars(self).update(left=list(tallies), ready=ready, probed=[])

    def inside(self, verb, args, progress, give_up=None):
        if verb.name == "probe.app":
            self.probed.append(1)
            if not self.ready:
                raise GateError("app", "no answer", "200", "")
        if verb.name == "gateway.tally":
            found = self.left.pop(0) if len(self.left) > 1 else self.left[0]
            if isinstance(found, Exception):
                raise found
            return Tally(*found)
        return fakes.answer(verb, {})


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(rollout, "POLL", 0)


def watch(engine) -> str:
    return rollout.watch_colour(fakes.env(engine), "green", 0, Silent())


def test_one_malformed_request_does_not_take_a_good_release_back():
    engine = Counting((5, 0, 0), (5, 0, 1))
    assert watch(engine) == "0 answers, 0 of them 5xx, 1 requests without an answer of the app, no restart"
    assert engine.probed


def test_requests_without_an_answer_take_a_release_back_that_is_not_ready_any_more():
    with pytest.raises(HealthError, match="9 requests without an answer of the app, and it is not ready"):
        watch(Counting((5, 0, 0), (5, 0, 9), ready=False))


def test_answers_of_500_take_a_release_back():
    with pytest.raises(HealthError, match="6 of 20 answers were 5xx"):
        watch(Counting((5, 0, 0), (25, 6, 0)))


def test_a_record_says_what_the_release_before_answered_from_the_migrations_on():
    engine = Counting((100, 2, 0), (140, 5, 1), (900, 9, 9))
    record = Record(fakes.env(engine), "deploy")
    record.begin_count()
    record.end_count()
    record.end_count()
    assert record.since_migration() == {"since_migration": {"answers": 40, "failed": 3, "unanswered": 1}}
    said = "3 of 40 answers were 5xx between the migrations and the new release, and 1 requests had none"
    assert history.felt(record.since_migration()) == said


@pytest.mark.parametrize("tallies", [[(1, 0, 0), (9, 0, 0)], [EngineError("gateway", "it does not answer")]])
def test_nothing_is_said_where_nothing_failed_or_nobody_could_count(tallies):
    record = Record(fakes.env(Counting(*tallies)), "deploy")
    record.begin_count()
    record.end_count()
    assert history.felt(record.since_migration()) == ""


def test_without_a_gateway_nothing_is_counted():
    record = Record(fakes.env(), "deploy")
    record.begin_count()
    record.end_count()
    assert record.since_migration() == {}
