"""A real run shows its plan first, asks where it has to, and says what has become of the plan since."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from slipway.errors import Declined
from slipway.plan import Plan, Step
from slipway.release import confirm, preview
from slipway.release.change import Change, compare, describe_tally
from tests.support.fakes import env, gone, seen

REPLACES = Change(services={"redis": "image changed", "app": "not running"}, running=frozenset(("redis", "objects")))
MIGRATES = Change(migrations="migrations/5_a.up.sql", running=frozenset(("postgres",)))
FIRST = Change(services={"postgres": "not running"}, migrations="whatever is pending")


@dataclass
class Reporter:
    """Answers every question alike, and keeps what it hears."""

    answer: bool = True
    told: list[str] = field(default_factory=list)

    def outline(self, plan: Plan) -> None:
        self.told.append("plan")

    def line(self, text: str) -> None:
        self.told.append(text)

    def ask(self, question: str) -> bool:
        self.told.append(question)
        return self.answer


def plan(*names: str) -> Plan:
    return Plan(tuple((Step(name, f"why {name}", lambda progress: None),) for name in names))


@pytest.mark.parametrize(
    ("change", "environment", "yes", "question"),
    [
        (REPLACES, "production", False, "This replaces redis, on slipway-production. Go on?"),
        (MIGRATES, "production", False, "This migrates migrations/5_a.up.sql, on slipway-production. Go on?"),
        (FIRST, "production", False, None),
        (REPLACES, "production", True, None),
        (REPLACES, "local", False, None),
    ],
    ids=["replaced", "migrated", "first start", "--yes", "local"],
)
def test_what_is_there_is_touched_after_a_question_only(change, environment, yes, question):
    here, said = env(environment=environment), [question] if question else []
    willing, unwilling = Reporter(), Reporter(answer=False)
    confirm.agree(here, willing, change, plan("a"), yes)
    assert willing.told == ["plan", *said]
    if question:
        with pytest.raises(Declined):
            confirm.agree(here, unwilling, change, plan("a"), yes)
    else:
        confirm.agree(here, unwilling, change, plan("a"), yes)


@pytest.mark.parametrize(
    ("now", "news"),
    [
        (plan("a", "b"), []),
        (plan("b"), ["Since the plan was shown: no longer a."]),
        (plan("a", "b", "c"), ["Since the plan was shown: now also c."]),
        (plan("c"), ["Since the plan was shown: no longer a, b; now also c."]),
    ],
)
def test_what_has_become_of_a_plan_since_it_was_shown_is_said(now, news):
    reporter = Reporter()
    preview.tell_news(reporter, now, plan("a", "b"))
    assert reporter.told == news


def test_a_step_that_has_another_cause_by_now_is_no_news():
    later = Plan(tuple((Step(name, "stopped 9 s ago", lambda progress: None),) for name in "ab"))
    preview.tell_news(reporter := Reporter(), later, plan("a", "b"))
    assert reporter.told == []


def test_a_tally_counts_every_service_once():
    here = env()
    change = compare(here, seen(gone("redis", "app")))
    names = here.engine.wanted_fingerprints()
    assert change.tally(3) == {"started": 2, "replaced": 0, "migrated": 3, "kept": len(names) - 2}
    assert REPLACES.tally(0) | {"kept": 1} == {"started": 1, "replaced": 1, "migrated": 0, "kept": 1}
    assert describe_tally({"started": 2, "replaced": 0, "migrated": 3, "kept": 4}) == "2 started, 3 migrated, 4 kept"
