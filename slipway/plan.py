"""Steps, plans, and the executor that carries them out without deciding anything.

A verb makes a plan from what it observed; the same object is printed, run, logged and tested. The shape (observe,
pure plan, decision-free executor) is the one that Docker Compose v5's reconcile core made known.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Protocol

from slipway.errors import Interrupted

HEARING = 0.2  # seconds after which Ctrl-C is heard at the latest
PATIENCE = 5.0  # seconds that interrupted steps get to tidy up; CI kills soon after it asked


class Progress(Protocol):
    """Where a running step tells how far it is."""

    def say(self, text: str) -> None: ...

    def count(self, done: int, total: int | None, unit: str) -> None: ...


class Silent:
    """For work whose progress nobody watches."""

    def say(self, text: str) -> None: ...

    def count(self, done: int, total: int | None, unit: str) -> None: ...


@dataclass(frozen=True)
class Step:
    """One thing that a plan does: what, why, how, and how it is taken back. `name` and `cause` are words for people alone.

    `run` returns a short remark, or nothing. `undo` are the steps that take it back, in their order. A `final` step is the
    point of no return: once it has begun, nothing is undone any more.
    """

    name: str
    cause: str
    run: Callable[[Progress], str | None] = field(compare=False, repr=False)
    undo: tuple[Step, ...] = field(default=(), compare=False, repr=False)
    final: bool = False


Level = tuple[Step, ...]


@dataclass(frozen=True)
class Plan:
    """Levels in order; the steps of one level run side by side."""

    levels: tuple[Level, ...] = ()

    def __bool__(self) -> bool:
        return any(self.levels)

    def __iter__(self):
        return iter(level for level in self.levels if level)

    @property
    def steps(self) -> list[Step]:
        return [step for level in self for step in level]

    def text(self) -> str:
        """The plan as people read it: the number of the level, what, why."""
        width = max((len(step.name) for step in self.steps), default=0)
        return "\n".join(
            f"{number:3}  {step.name:{width}}  {step.cause}".rstrip()
            for number, level in enumerate(self, 1)
            for step in level
        )

    def outline(self) -> str:
        """The same in short, a line a level: why only where a level is one step."""
        width = max((len(level[0].name) for level in self if len(level) == 1), default=0)
        lines = (
            f"{level[0].name:{width}}  {level[0].cause}" if len(level) == 1 else ", ".join(step.name for step in level)
            for level in self
        )
        return "\n".join(f"{number:3}  {line}".rstrip() for number, line in enumerate(lines, 1))

    def without(self, other: Plan) -> Plan:
        """The steps of this plan that the other one does not have."""
        return Plan(tuple(tuple(step for step in level if step not in other.steps) for level in self.levels))

    def data(self) -> list[list[dict]]:
        return [[{"name": step.name, "cause": step.cause} for step in level] for level in self]


def way_back(begun: Sequence[Step]) -> Plan:
    """What takes back the steps that were begun, the last of them first; nothing once one of them was final."""
    if any(step.final for step in begun):
        return Plan()
    return Plan(tuple((undo,) for step in reversed(begun) for undo in step.undo))


def guard_steps(plan: Plan, check: Callable[[], None]) -> Plan:
    """The same plan, of which every step first makes a check that may raise."""

    def run(step: Step, progress: Progress) -> str | None:
        check()
        return step.run(progress)

    return Plan(tuple(tuple(replace(step, run=partial(run, step)) for step in level) for level in plan))


class Reporter(Protocol):
    """What the executor tells while it runs; console.py has one for people, one for pipes and one for machines."""

    def report_start(self, step: Step) -> Progress: ...

    def report_finish(self, step: Step, seconds: float, remark: str | None) -> None: ...

    def report_failure(self, step: Step, seconds: float, error: BaseException) -> None: ...


@dataclass
class Journal:
    """A reporter that passes on what the executor tells, and keeps which steps were begun and how many seconds each took."""

    reporter: Reporter
    begun: list[Step] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    def report_start(self, step: Step) -> Progress:
        self.begun.append(step)
        return self.reporter.report_start(step)

    def report_finish(self, step: Step, seconds: float, remark: str | None) -> None:
        self.seconds[step.name] = round(seconds, 3)
        self.reporter.report_finish(step, seconds, remark)

    def report_failure(self, step: Step, seconds: float, error: BaseException) -> None:
        self.seconds[step.name] = round(seconds, 3)
        self.reporter.report_failure(step, seconds, error)


@dataclass
class Run:
    """One step on its way: its thread, and how it ended."""

    step: Step
    reporter: Reporter
    error: BaseException | None = None
    begun: bool = False
    done: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        self.begun = True
        # Daemon threads: an interrupt must not wait for a step that waits for a server. Whatever such a step holds
        # open is undone by its server, since every step is safe to kill.
        threading.Thread(target=self._work, name=self.step.name, daemon=True).start()

    def _work(self) -> None:
        begun = time.monotonic()
        try:
            remark = self.step.run(self.reporter.report_start(self.step))
            self.reporter.report_finish(self.step, time.monotonic() - begun, remark)
        except BaseException as error:
            self.error = error
            self.reporter.report_failure(self.step, time.monotonic() - begun, error)
        finally:
            self.done.set()


def apply(plan: Plan, reporter: Reporter, stop_children: Callable[[], None]) -> None:
    """Runs every level in order. Raises the first error of a level after all its steps have ended.

    Ctrl-C and SIGTERM (as KeyboardInterrupt) end the children, then raise Interrupted, which says what was done.
    """
    done: list[str] = []
    for level in plan:
        runs = [Run(step, reporter) for step in level]
        try:
            for run in runs:
                run.start()
            for run in runs:
                # A signal in the moment before a wait without end begins would be heard at its end only.
                while not run.done.wait(HEARING):
                    continue
        except KeyboardInterrupt:
            stop_children()
            deadline = time.monotonic() + PATIENCE
            for run in runs:
                run.done.wait(max(0, deadline - time.monotonic()) if run.begun else 0)
            raise interrupted_error(plan, done, runs) from None
        for run in runs:
            if run.error:
                raise run.error
            done.append(run.step.name)


def interrupted_error(plan: Plan, done: list[str], runs: list[Run]) -> Interrupted:
    done = done + [run.step.name for run in runs if run.done.is_set() and not run.error]
    cut = [run.step.name for run in runs if run.begun and run.step.name not in done]
    left = [step.name for step in plan.steps if step.name not in done and step.name not in cut]
    found = "; ".join(
        f"{word}: {', '.join(names)}"
        for word, names in (("done", done), ("cut short", cut), ("not begun", left))
        if names
    )
    return Interrupted(
        "interrupted",
        found,
        "a run to its end; nothing is half-applied",
        "type the same command again: it goes on from here",
    )
