"""One piece of work on the data, shown as a plan of one step, with its result handed back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext

from slipway.environment import Environment
from slipway.errors import SettingsError
from slipway.plan import Plan, Progress, Step, apply
from slipway.system.process import end_all

CHANGING = frozenset({"migrate", "rollback", "goto", "redo", "adopt", "fixtures"})


def work(
    env: Environment,
    reporter,
    verb: str,
    args: Mapping,
    cause: str,
    remark: Callable[[dict], str],
    wait: float | None = None,
) -> dict:
    """Runs a verb of the data side and returns its result; `remark` says the result in a few words.

    What changes data waits for the stack's lock: `wait` seconds, or GATE_TIMEOUT as the data side does for its own.
    """
    result: dict = {}

    def run(progress: Progress) -> str:
        result.update(env.engine.inside(verb, args, progress))
        return remark(result)

    reporter.header(env.header)
    with lock_stack(env, verb, args, wait):
        apply(Plan(((Step(f"db.{verb}", cause, run),),)), reporter, end_all)
    return result


def lock_stack(env: Environment, verb: str, args: Mapping, wait: float | None) -> AbstractContextManager[None]:
    """Holds the stack's lock for what changes data: no deploy comes in between. Raises LockHeld, naming the holder."""
    if verb not in CHANGING or args.get("dry_run"):
        return nullcontext()
    seconds = env.settings.gate_timeout if wait is None else wait
    return env.engine.hold_lock(f"db.{verb}", seconds, env.flag)


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


def remark(reporter, entries: list[dict]) -> None:
    """A line for each file of a result that there is something to say of."""
    for entry in entries:
        if entry.get("note"):
            reporter.line(f"  ! {entry['file']}: {entry['note']}")


def join_files(entries: list[dict]) -> str:
    return ", ".join(entry["file"].rsplit("/", 1)[-1] for entry in entries) or "nothing"
