"""One piece of work on the data, shown as a plan of one step, with its result handed back."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from slipway.data.migrations.interface import STATUS, Row
from slipway.data.verb import A, Nothing, R, Verb
from slipway.environment import Environment
from slipway.plan import Plan, Progress, Silent, Step, apply
from slipway.release import confirm
from slipway.release.confirm import Yes
from slipway.system.process import end_all

if TYPE_CHECKING:
    from slipway.data.fixtures.interface import Fed
    from slipway.data.migrations.interface import Ran, Tried

CHANGING = frozenset({"migrate", "rollback", "goto", "redo", "adopt", "fixtures"})


def work(
    env: Environment,
    reporter,
    verb: Verb[A, R],
    args: A,
    cause: str,
    remark: Callable[[R], str],
    wait: float | None = None,
) -> R:
    """Runs a verb of the data side and returns its answer; `remark` says that in a few words.

    What changes data waits for the stack's lock: `wait` seconds, or GATE_TIMEOUT as the data side does for its own.
    """
    answers: list[R] = []

    def run(progress: Progress) -> str:
        answers.append(env.engine.inside(verb, args, progress))
        return remark(answers[0])

    reporter.header(env.header)
    with lock_stack(env, verb, wait):
        apply(Plan(((Step(f"db.{verb.name.partition('.')[0]}", cause, run),),)), reporter, end_all)
    return answers[0]


def lock_stack(env: Environment, verb: Verb, wait: float | None) -> AbstractContextManager[object]:
    """Holds the stack's lock for what changes data: no deploy comes in between. Raises LockHeld, naming the holder."""
    if verb.name not in CHANGING:
        return nullcontext()
    seconds = env.settings.gate_timeout if wait is None else wait
    return env.engine.hold_lock(f"db.{verb.name}", seconds, env.flag)


def agree_to_undo(env: Environment, reporter, yes: Yes, command: str, going: Callable[[list[Row]], list[Row]]) -> None:
    """Outside local, shows the migrations that go with what they made, and goes on when the stack's name was said.

    `going` chooses among those that are applied, the newest first.
    """
    if env.settings.local and not yes:
        return
    rows = env.engine.inside(STATUS, Nothing(), Silent()).rows
    applied = sorted((row for row in rows if row.applied_at), key=lambda row: row.version, reverse=True)
    for row in (gone := going(applied)):
        reporter.line(f"  undoes {row.file or f'{row.version}_{row.name}'}, applied {row.applied_at}")
    if gone:
        because = f"this undoes {len(gone)} migrations and deletes what they made"
        confirm.by_name(env, yes, command, because, f"Data in what they made goes with them, on {env.stack.name}. ")


def again(steps: int) -> str:
    """How a number of steps was said on the command line."""
    return "" if steps == 1 else f" --steps {steps}"


def remark(reporter, entries: Iterable[Ran]) -> None:
    """A line for each file of an answer that there is something to say of."""
    for entry in entries:
        if entry.note:
            reporter.line(f"  ! {entry.file}: {entry.note}")


def join_files(entries: Iterable[Ran | Tried | Fed]) -> str:
    return ", ".join(entry.file.rsplit("/", 1)[-1] for entry in entries) or "nothing"
