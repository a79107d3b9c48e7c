"""One piece of work on the data, shown as a plan of one step, with its result handed back."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from slipway.data.verb import A, R, Verb
from slipway.environment import Environment
from slipway.errors import SettingsError
from slipway.plan import Plan, Progress, Step, apply
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


def careful(env: Environment, yes: bool, what: str, command: str) -> None:
    """Outside local, what takes data away or adds demo data is done only when it was said twice."""
    if not env.settings.local and not yes:
        raise SettingsError(
            command,
            f"environment {env.settings.environment}",
            f"--yes, because this {what}",
            f"./invoke {command} --yes{env.flag}",
        )


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
