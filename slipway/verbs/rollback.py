"""`rollback`: back to a release that was good, by the same switch, unless the schema has moved on.

Its steps, in order, are the page `rollback` of slipway/release/plans.py.
"""

from __future__ import annotations

import time

from slipway.engine import Seen
from slipway.environment import World, enter
from slipway.errors import EngineError, SettingsError
from slipway.release import execute, failure, history, plans, preview
from slipway.release.change import OTHER, Swap
from slipway.release.record import Record, describe
from slipway.release.target import allowed, at_hand, every, good, hoped


def run(
    on: str, reporter, release: str | None = None, listing: bool = False, wait: float = 0, yes: bool = False
) -> None:
    """Goes to `release`, or to the last good one before the one that serves; `listing` only shows those."""
    if listing:
        world = able(on)
        reporter.header(world.header)
        return show(world, reporter, every(world))
    begun = time.monotonic()
    with failure.told(on, reporter, "rollback") as attempt:
        back(able(on), reporter, release, wait, yes, begun, attempt)


def able(on: str) -> World:
    """The world of an environment whose engine keeps images. Raises SettingsError for any other."""
    world = enter(on)
    if not world.engine.rollout.beside:
        raise SettingsError(
            "rollback",
            f"the {world.engine.name} engine runs the app from the working tree",
            "a Docker engine, which keeps the image of each release",
            "git checkout the older state, then ./invoke deploy",
        )
    return world


def back(
    world: World, reporter, release: str | None, wait: float, yes: bool, begun: float, attempt: failure.Attempt
) -> None:
    reporter.header(world.header)
    # What cannot be is said at once, and what has to be pulled comes before the lock; under the lock it is chosen again.
    first = allowed(world, reporter, release, hoped(every(world)))
    preview.confirm(world, reporter, f"This goes back to {first['id']} of {first['when']}", yes)
    record = attempt.record = Record(world, "rollback", described(world, first), again=True, hooked=True)
    with execute.locked(world, reporter, f"rollback to {first['id']}", wait) as held:
        swap = decide(world, reporter, release, first, held.seen, record)
        todo = plans.rollback(world, held.seen, swap, record)
        reporter.outline(todo)
        execute.carry_out(world, reporter, held, todo, swap, record)
    execute.hook(world, reporter, "on-rollback", record.content)
    name, target = record.content["id"], record.content["target"]
    reporter.done(
        f"{name} serves what {target} was, after {time.monotonic() - begun:.1f} s.\n{world.engine.url()}",
        release=name,
        target=target,
        url=world.engine.url(),
    )


def described(world: World, target: dict) -> dict:
    """What is known of the release that goes back to `target`, which stays on its record: the next one goes further."""
    known = describe(world, target["image"], "rollback")
    return known | {"revision": target["revision"], "target": target["id"]}


def decide(world: World, reporter, name: str | None, first: dict, seen: Seen, record: Record) -> Swap:
    """The swap, by what is on record now that nobody else can change it: a deploy may have ended while this waited."""
    if not seen.colour or "app" not in seen.services or "gateway" not in seen.services:
        raise EngineError("rollback", "the stack does not run", "a running stack", f"./invoke up{world.flag}")
    target = allowed(world, reporter, name, every(world))
    if target["id"] != first["id"]:
        reporter.line(f"  back to {target['id']}, no longer to {first['id']}: another release came meanwhile")
    swap = Swap(seen.colour, OTHER[seen.colour], target["image"], f"back to {target['id']}")
    record.facts |= described(world, target) | {"colour": swap.new}
    return swap


def show(world: World, reporter, records: list[dict]) -> None:
    kept = [record for record in good(records) if at_hand(world, record) or record.get("digest")]
    for record in kept:
        reporter.line("  " + history.line(record))
    reporter.done(f"{len(kept)} releases to go back to.", releases=kept)
