"""Plans as people read them, and the executor: order, side by side, first error, and what an interrupt leaves."""

from __future__ import annotations

import os
import signal
import threading
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.errors import GateError, Interrupted, LockLost
from slipway.plan import Plan, Silent, Step, apply, guard_steps
from tests.support.waiting import PATIENCE


@dataclass
class Told:
    """A reporter that keeps what it hears."""

    events: list[tuple] = field(default_factory=list)

    def report_start(self, step):
        self.events.append(("started", step.name))
        return Silent()

    def report_finish(self, step, seconds, remark):
        self.events.append(("finished", step.name, remark))

    def report_failure(self, step, seconds, error):
        self.events.append(("failed", step.name, str(error)))


def step(name: str, run=lambda progress: None, cause: str = "because") -> Step:
    return Step(name, cause, run)


def fail(error: BaseException):
    def run(progress):
        raise error

    return run


def nobody() -> None:
    """Children to stop: none."""


def test_a_plan_reads_as_numbered_levels_with_causes():
    plan = Plan(((step("start a, b", cause="not running"),), (), (step("gate a"), step("gate bcd", cause=""))))
    assert plan.text() == ("  1  start a, b  not running\n  2  gate a      because\n  2  gate bcd")
    assert plan.data() == [
        [{"name": "start a, b", "cause": "not running"}],
        [{"name": "gate a", "cause": "because"}, {"name": "gate bcd", "cause": ""}],
    ]


def test_an_outline_is_a_line_a_level_with_the_cause_of_a_lone_step():
    plan = Plan(((step("a"), step("b")), (), (step("start c"),), (step("d", cause="so"),)))
    assert plan.outline() == "  1  a, b\n  2  start c  because\n  3  d        so"


def test_what_another_plan_has_is_left_out_by_name_and_cause():
    plan = Plan(((step("a"), step("b")), (step("c"),)))
    left = plan.without(Plan(((step("b"),), (step("c", cause="another"),))))
    assert [each.name for each in left.steps] == ["a", "c"]


def test_an_empty_plan_is_false_and_does_nothing():
    told = Told()
    for plan in (Plan(), Plan(((), ()))):
        apply(plan, told, nobody)
        assert not plan and plan.text() == "" and plan.steps == []
    assert told.events == []


def test_a_level_begins_when_the_one_before_has_ended():
    seen: list[str] = []
    plan = Plan(tuple((step(name, lambda progress, name=name: seen.append(name)),) for name in "abcdef"))
    apply(plan, Told(), nobody)
    assert seen == list("abcdef")


def test_the_steps_of_a_level_run_side_by_side():
    meeting = threading.Barrier(5)  # passes only if all five are there at once
    level = tuple(step(str(number), lambda progress: meeting.wait(PATIENCE) and None) for number in range(5))
    apply(Plan((level,)), Told(), nobody)
    assert not meeting.broken


def test_a_remark_is_told():
    told = Told()
    apply(Plan(((step("a", lambda progress: "3 changes"),),)), told, nobody)
    assert told.events == [("started", "a"), ("finished", "a", "3 changes")]


def test_the_first_error_is_raised_after_all_of_its_level_have_ended_and_nothing_follows():
    failed, ended, after = threading.Event(), threading.Event(), threading.Event()

    def late(progress):
        assert failed.wait(PATIENCE)
        ended.set()

    def early(progress):
        failed.set()
        raise GateError("redis gate", "refused")

    told = Told()
    with pytest.raises(GateError, match="redis gate: refused"):
        apply(
            Plan(
                (
                    (step("late", late), step("early", early), step("second", fail(ValueError("other")))),
                    (step("after", lambda progress: after.set()),),
                )
            ),
            told,
            nobody,
        )
    assert ended.is_set() and not after.is_set()
    assert {event[:2] for event in told.events if event[0] != "started"} == {
        ("finished", "late"),
        ("failed", "early"),
        ("failed", "second"),
    }


def test_a_guarded_plan_reads_as_before_and_no_step_of_it_runs_once_its_check_refuses():
    ran, left = [], ["first", "second"]

    def check() -> None:
        if not left:
            raise LockLost("lock of shop", "lost")

    plan = Plan(tuple((step(name, lambda progress: ran.append(left.pop(0))),) for name in ("a", "b", "c", "d")))
    assert guard_steps(plan, check) == plan
    with pytest.raises(LockLost):
        apply(guard_steps(plan, check), Told(), nobody)
    assert ran == ["first", "second"]


def test_a_reporter_that_fails_does_not_hang_the_run():
    class Mute(Told):
        def report_start(self, step):
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        apply(Plan(((step("a"),),)), Mute(), nobody)


def interrupted_while_working(other=(), after=(), begun=lambda: True) -> tuple[Interrupted, list[str]]:
    """Sends this process SIGINT from within a step, as Ctrl-C would, once all of its level has begun."""
    release, stopped = threading.Event(), []

    def working(progress):
        assert begun()
        os.kill(os.getpid(), signal.SIGINT)
        assert release.wait(PATIENCE)
        raise GateError("cut")

    def stop_children():
        stopped.append("asked")
        release.set()

    plan = Plan(((step("first"),), (step("working", working), *other), *after))
    with pytest.raises(Interrupted) as caught:
        apply(plan, Told(), stop_children)
    return caught.value, stopped


def test_an_interrupt_stops_the_children_and_says_what_is_done_cut_and_left():
    quick = threading.Event()
    error, stopped = interrupted_while_working(
        (step("quick", lambda progress: quick.set()),), ((step("left"), step("too")),), lambda: quick.wait(PATIENCE)
    )
    assert stopped == ["asked"] and error.code == 130
    assert error.found == "done: first, quick; cut short: working; not begun: left, too"
    assert error.next == "type the same command again: it goes on from here"


def test_an_interrupt_of_the_last_step_leaves_nothing():
    assert interrupted_while_working()[0].found == "done: first; cut short: working"


NAMES = st.lists(st.text("abcdefghij ", min_size=1).map(str.strip).filter(bool), unique=True, max_size=12)


@given(NAMES, st.data())
def test_a_plans_text_lists_exactly_the_steps_that_run_in_the_order_of_levels(names, data):
    cuts = sorted(data.draw(st.sets(st.integers(0, len(names)))))
    groups = [names[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(names)], strict=True)]
    ran: list[str] = []
    plan = Plan(
        tuple(
            tuple(step(name, lambda progress, name=name: ran.append(name), cause="") for name in group)
            for group in groups
        )
    )
    apply(plan, Told(), nobody)
    listed = [(int(line[:3]), line[5:].strip()) for line in plan.text().splitlines()]
    assert sorted(name for _, name in listed) == sorted(ran) == sorted(names)
    level = {name: number for number, name in listed}
    assert [level[name] for name in ran] == sorted(level.values())
