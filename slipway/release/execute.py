"""A plan carried out under the stack's lock: what a killed deploy left is put right first, what fails is taken back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from slipway.engine import Running, Seen
from slipway.environment import Environment
from slipway.errors import Interrupted, LockLost, SlipwayError
from slipway.main import unexpected_error
from slipway.outlook import pause
from slipway.plan import Journal, Plan, apply, guard_steps, way_back
from slipway.release import hooks, preview, recover, services
from slipway.release.change import Change, Swap, compare
from slipway.release.record import Record
from slipway.release.rollout import Switch
from slipway.system.process import end_all

Page = Callable[[Environment, Seen, Change, Record], Plan]  # `up` or `deploy` of plans.py


@dataclass(frozen=True)
class Held:
    """A stack that nobody else changes meanwhile: what is there, and a check that raises LockLost if the lock is not ours."""

    seen: Seen
    check: Callable[[], None]


def prepare(env: Environment, reporter, seen: Seen) -> Plan:
    """Renders, builds and pulls: before the lock, so that nobody waits for it. Returns what was done."""
    done = Plan(tuple(services.images(env, seen)))
    apply(done, reporter, end_all)
    return done


@contextmanager
def lock_stack(env: Environment, reporter, doing: str, wait: float) -> Iterator[Held]:
    """Takes the lock, looks again, and puts right what a killed deploy left."""
    with env.engine.hold_lock(doing, wait, env.flag) as check:
        seen = recover.look_again(env, env.engine.observe(), reporter)
        yield Held(recover.repair(env, seen, reporter, check), check)


def release(env: Environment, reporter, page: Page, record: Record, shown: Plan, wait: float) -> dict[str, int]:
    """Under the lock: plans anew, says what has changed since the plan was shown, and runs it. Returns the tally."""
    with lock_stack(env, reporter, record.kind, wait) as held:
        change = compare(env, held.seen)
        record.facts["colour"] = change.swap.new if change.swap else held.seen.colour
        todo = page(env, held.seen, change, record)
        preview.tell_news(reporter, todo, shown)
        warn(reporter, held.seen, change)
        carry_out(env, reporter, held, todo, change.swap, record)
    return change.tally(record.migrated)


def warn(reporter, seen: Seen, change: Change) -> None:
    """Says before it begins what will be felt: a gateway that is replaced closes its port."""
    if "gateway" in change.services and seen.services.get("gateway", Running("")).state == "running":
        reporter.line(f"  gateway: {pause('gateway', True, True)}")


def carry_out(env: Environment, reporter, held: Held, todo: Plan, swap: Swap | None, record: Record) -> None:
    """Runs the plan and closes the record. Raises what went wrong, after it was taken back."""
    journal = Journal(reporter)
    try:
        apply(guard_steps(todo, held.check), journal, end_all)
    except Exception as raw:
        error = raw if isinstance(raw, SlipwayError) else unexpected_error(raw)
        if is_lock_lost(held.check):
            error.found += "; nothing more was done"
        else:
            fail(env, reporter, journal, swap, record, error)
        raise error from raw
    dropped = env.engine.rollout.drop(record.close("good", journal.seconds))
    if dropped:
        reporter.line(f"removed images of old releases: {', '.join(dropped)}")


def is_lock_lost(check: Callable[[], None]) -> bool:
    """Whether the lock is not ours any more: what is there then is not ours to undo. An engine that is gone says nothing."""
    try:
        check()
    except LockLost:
        return True
    except Exception:
        return False
    return False


def fail(env: Environment, reporter, journal: Journal, swap: Swap | None, record: Record, error: SlipwayError) -> None:
    """Takes back what was begun, which goes into the error as well; the first error stays the one told."""
    if swap and any(step.final for step in journal.begun):
        # Proven in its place, and the old one on its way out: forward is the only way, and the next deploy goes it.
        error.found += f"; app-{swap.new} serves"
        record.result = "running"
        return
    record.result = result(journal, error)
    if swap:
        take_back(env, reporter, way_back(journal.begun), swap, record, error)
    try:
        record.close(record.result, journal.seconds, error)
    except Exception as worse:
        reporter.line(f"the record of {record.content.get('id')} could not be written: {describe_error(worse)}")


def result(journal: Journal, error: SlipwayError) -> str:
    """How a release that failed is called: by whether it has served."""
    if isinstance(error, Interrupted):
        return "interrupted"
    return "rolled_back" if any(isinstance(step, Switch) for step in journal.begun) else "failed"


def take_back(env: Environment, reporter, undo: Plan, swap: Swap, record: Record, error: SlipwayError) -> None:
    """Undoes what was begun of a swap; how that went is added to the error."""
    if not undo:
        error.found += f"; app-{swap.old} was not touched and serves"
        return
    try:
        apply(undo, reporter, end_all)
        error.found += f"; undone: app-{swap.old} serves"
        announce(env, reporter, record, error)
    except Exception as worse:
        error.found += f"; and it could not be undone now, which the next deploy does: {describe_error(worse)}"


def describe_error(error: Exception) -> str:
    return str(error if isinstance(error, SlipwayError) else unexpected_error(error))


def announce(env: Environment, reporter, record: Record, error: SlipwayError) -> None:
    """The hook of a release that went back; on-failure comes later, for every way to fail (failure.py)."""
    if record.new and record.hooked:
        content = {**record.content, "error": error.fields(), "result": record.result}
        hook(env, reporter, "on-rollback", content)


def hook(env: Environment, reporter, name: str, content: Mapping) -> None:
    """Runs a hook that decides nothing, and tells how it went."""
    variables, settings = hooks.environment(env.settings), env.settings
    if said := hooks.attempt(name, content, env.root, variables, settings.hook_timeout):
        reporter.line(f"  hook {name}: {said}")
