"""`rollback`: back to a release that was good, by the same switch, unless the schema has moved on.

Its steps, in order, are the page `rollback` of slipway/release/plans.py.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from slipway.engine import Seen
from slipway.environment import Environment, enter
from slipway.errors import EngineError, SettingsError
from slipway.release import confirm, execute, failure, history, plans
from slipway.release.change import OTHER, Swap
from slipway.release.record import Record, describe
from slipway.release.target import assume_success, at_hand, check_target, every, good


def run(
    on: str, reporter, release: str | None = None, listing: bool = False, wait: float = 0, yes: bool = False
) -> None:
    """Goes to `release`, or to the last good one before the one that serves; `listing` only shows those."""
    if listing:
        env = able(on)
        reporter.header(env.header)
        return show(env, reporter, every(env))
    begun = time.monotonic()
    with failure.announce_failure(on, reporter, "rollback") as attempt:
        back(able(on), reporter, release, wait, yes, begun, attempt)


def able(on: str) -> Environment:
    """An environment whose engine keeps images. Raises SettingsError for any other."""
    env = enter(on)
    if not env.engine.rollout.beside:
        raise SettingsError(
            "rollback",
            f"the {env.engine.name} engine runs the app from the working tree",
            "a Docker engine, which keeps the image of each release",
            "git checkout the older state, then ./invoke deploy",
        )
    return env


def back(
    env: Environment, reporter, release: str | None, wait: float, yes: bool, begun: float, attempt: failure.Attempt
) -> None:
    reporter.header(env.header)
    # What cannot be is said at once, and what has to be pulled comes before the lock; under the lock it is chosen again.
    first = check_target(env, reporter, release, assume_success(every(env)))
    confirm.ask(env, reporter, f"This goes back to {first['id']} of {first['when']}", yes)
    record = attempt.record = Record(env, "rollback", describe_release(env, first), again=True, hooked=True)
    with execute.lock_stack(env, reporter, f"rollback to {first['id']}", wait) as held:
        swap = decide(env, reporter, release, first, held.seen, record)
        todo = plans.rollback(env, held.seen, swap, record)
        reporter.outline(todo)
        execute.carry_out(env, reporter, held, todo, swap, record)
    execute.hook(env, reporter, "on-rollback", record.content)
    name, target = record.content["id"], record.content["target"]
    reporter.done(
        f"{name} serves what {target} was, after {time.monotonic() - begun:.1f} s.\n{env.engine.url()}",
        release=name,
        target=target,
        url=env.engine.url(),
    )


def describe_release(env: Environment, target: Mapping) -> dict:
    """What is known of the release that goes back to `target`, which stays on its record: the next one goes further."""
    known = describe(env, target["image"], "rollback")
    return known | {"revision": target["revision"], "target": target["id"]}


def decide(env: Environment, reporter, name: str | None, first: Mapping, seen: Seen, record: Record) -> Swap:
    """The swap, by what is on record now that nobody else can change it: a deploy may have ended while this waited."""
    if not seen.colour or "app" not in seen.services or "gateway" not in seen.services:
        raise EngineError("rollback", "the stack does not run", "a running stack", f"./invoke up{env.flag}")
    target = check_target(env, reporter, name, every(env))
    if target["id"] != first["id"]:
        reporter.line(f"  back to {target['id']}, no longer to {first['id']}: another release came meanwhile")
    swap = Swap(seen.colour, OTHER[seen.colour], target["image"], f"back to {target['id']}")
    record.facts |= describe_release(env, target) | {"colour": swap.new}
    return swap


def show(env: Environment, reporter, records: Sequence[Mapping]) -> None:
    kept = [record for record in good(records) if at_hand(env, record) or record.get("digest")]
    for record in kept:
        reporter.line("  " + history.line(record))
    reporter.done(f"{len(kept)} releases to go back to.", releases=kept)
