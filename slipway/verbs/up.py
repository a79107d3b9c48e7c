"""`up`: the whole stack, in deploy order, each part proven before the next begins.

Its steps, in order, are the page `up` of slipway/release/plans.py.
"""

from __future__ import annotations

import time

from slipway.engine import Seen
from slipway.environment import World, enter, first_run, imagined, settled
from slipway.errors import EngineError
from slipway.plan import Plan
from slipway.release import execute, plans, preview
from slipway.release.change import compare, cut_short
from slipway.release.record import Record, describe


def run(on: str, reporter, dry_run: bool = False, wait: float = 0) -> None:
    """Observes, plans, applies, and observes again: done is when a second look finds nothing left to do."""
    begun = time.monotonic()
    world = enter(on, imagined()) if dry_run and first_run(on) else settled(on, reporter)
    seen = world.engine.observe()
    todo = planned(world, seen)
    reporter.header(world.header)
    if dry_run:
        preview.show(world, reporter, seen, compare(world, seen), todo)
        return
    if todo or cut_short(seen):
        put(world, reporter, seen, wait)
        check(world, world.engine.observe())
    seconds = time.monotonic() - begun
    words = (
        f"Up in {seconds:.1f} s." if todo else f"Nothing to do: everything runs as asked and answers ({seconds:.1f} s)."
    )
    reporter.done(
        f"{words}\n{world.engine.url()}", url=world.engine.url(), seconds=round(seconds, 3), steps=len(todo.steps)
    )


def planned(world: World, seen: Seen) -> Plan:
    """The plan for what was seen, to be looked at and not to be run."""
    return plans.up(world, seen, compare(world, seen), Record(world, "up"))


def put(world: World, reporter, seen: Seen, wait: float) -> None:
    """Builds and pulls, then, under the lock, does what is still to be done."""
    execute.prepare(world, reporter, seen)
    record = Record(world, "up", describe(world, world.engine.rollout.image(), "up"))
    with execute.locked(world, reporter, "up", wait) as held:
        change = compare(world, held.seen)
        record.facts["colour"] = change.swap.new if change.swap else held.seen.colour
        execute.warn(reporter, held.seen, change)
        execute.carry_out(world, reporter, held, plans.up(world, held.seen, change, record), change.swap, record)


def check(world: World, seen: Seen) -> None:
    """After the last step a fresh look must find nothing left to do; otherwise something undid what was done."""
    left = planned(world, seen)
    if left:
        step = left.steps[0]
        raise EngineError(
            "after the last step",
            f"{step.name} is needed still: {step.cause}",
            "a stack that stays as it was made",
            f"./invoke status{world.flag}",
        )
