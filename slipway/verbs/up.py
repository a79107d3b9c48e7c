"""`up`: the whole stack, in deploy order, each part proven before the next begins.

Its steps, in order, are the page `up` of slipway/release/plans.py.
"""

from __future__ import annotations

import time

from slipway.engine import Seen
from slipway.environment import Environment, ensure_settings, enter, first_run, throwaway_secrets
from slipway.errors import EngineError
from slipway.plan import Plan
from slipway.release import confirm, execute, history, plans, preview, provision
from slipway.release.change import Change, compare, cut_short, describe_tally
from slipway.release.record import Record, describe


def run(on: str, reporter, dry_run: bool = False, wait: float = 0, yes: bool = False) -> None:
    """Observes, plans, shows, applies, and observes again: done is when a second look finds nothing left to do."""
    begun = time.monotonic()
    env = enter(on, throwaway_secrets()) if dry_run and first_run(on) else ensure_settings(on, reporter)
    seen = env.engine.observe()
    change = compare(env, seen)
    todo = make_plan(env, seen, change)
    reporter.header(env.header)
    if dry_run:
        return preview.show(env, reporter, seen, change, todo)
    tally, record = change.tally(0), Record(env, "up")
    if todo or cut_short(seen):
        confirm.agree(env, reporter, change, todo, yes)
        tally, record = put(env, reporter, seen, todo, wait)
        check(env, seen := env.engine.observe())
    seconds = time.monotonic() - begun
    felt = history.felt(record.since_migration())
    words = f"Up in {seconds:.1f} s: {describe_tally(tally)}{f'; {felt}' if felt else ''}."
    if not todo:
        words = f"Nothing to do: everything runs as asked and answers ({seconds:.1f} s)."
    for said in provision.describe_excess(seen.data):
        reporter.line(f"  ! postgres: {said}")
    facts = {"url": env.engine.url(), "seconds": round(seconds, 3), "steps": len(todo.steps), **tally}
    facts |= record.since_migration()
    reporter.done(f"{words}\n{env.engine.url()}", **facts)


def make_plan(env: Environment, seen: Seen, change: Change) -> Plan:
    """The plan for what was seen, to be looked at and not to be run."""
    return plans.up(env, seen, change, Record(env, "up"))


def put(env: Environment, reporter, seen: Seen, shown: Plan, wait: float) -> tuple[dict[str, int], Record]:
    """Builds and pulls, then, under the lock, does what is still to be done. Returns the tally and the record."""
    shown = shown.without(execute.prepare(env, reporter, seen))
    record = Record(env, "up", describe(env, env.engine.rollout.image(), "up"))
    return execute.release(env, reporter, plans.up, record, shown, wait), record


def check(env: Environment, seen: Seen) -> None:
    """After the last step a fresh look must find nothing left to do; otherwise something undid what was done."""
    left = make_plan(env, seen, compare(env, seen))
    if left:
        step = left.steps[0]
        raise EngineError(
            "after the last step",
            f"{step.name} is needed still: {step.cause}",
            "a stack that stays as it was made",
            f"./invoke status{env.flag}",
        )
