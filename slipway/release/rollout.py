"""The app's part of a deploy: beside the release that serves (start, probe, switch, drain, prove, stop), or in its place."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from slipway.data.gates.interface import PROBE
from slipway.data.verb import Nothing
from slipway.engine import Engine, Seen
from slipway.environment import Environment
from slipway.errors import GateError, HealthError
from slipway.ops.interface import ACTIVE, DRAIN, SWITCH, TALLY, Drain, Tally
from slipway.ops.interface import Switch as SwitchTo
from slipway.plan import Level, Progress, Step
from slipway.release import answers, gates, gateway, services
from slipway.release.change import Change, Swap
from slipway.release.record import Record

POLL = 0.5
CLOSER = 5  # seconds that an app may take to be ready once more while it is watched


@dataclass(frozen=True)
class Switch(Step):
    """From here on requests go to the new release: one that is undone afterwards has served."""


def levels(
    env: Environment, seen: Seen, change: Change, proofs: tuple[Level, ...] = (), record: Record | None = None
) -> Iterator[Level]:
    """The steps of the app and of the gateway. `proofs` are what a release must pass while the old one stands by."""
    replaced = services.start(env, change, [name for name in change.front if name == "gateway"])
    config = gateway.level(env, seen, change.swap, starts=bool(replaced))
    if change.swap:
        return beside(env, change.swap, (config, replaced), (*proofs, (gates.front_door(env),)), record)
    return in_place(env, seen, change, config)


def beside(
    env: Environment,
    swap: Swap,
    front: tuple[Level, ...],
    proofs: tuple[Level, ...],
    record: Record | None = None,
) -> Iterator[Level]:
    """A swap with its undo. `front` brings what the gateway itself needs."""
    yield (start(env, swap),)
    yield (probe(env, swap.new),)
    yield from front
    yield (switch(env, swap, record),)
    yield (drain(env, swap),)
    yield from proofs
    yield (stop(env, swap.old, f"app-{swap.new} serves", final=True),)


def in_place(env: Environment, seen: Seen, change: Change, config: Level) -> Iterator[Level]:
    """Whatever is to be started before the front door, then the proofs that what was touched calls for."""
    yield config
    yield services.start(env, change, change.front)
    if change.doubtful or change.front or change.migrations or change.fixtures:
        yield (gates.ready(env, seen),)
    if change.doubtful or change.front or config:
        yield (gates.front_door(env),)


# -- the steps of a swap -------------------------------------------------------------------------------------------


def start(env: Environment, swap: Swap) -> Step:
    undo = stop(env, swap.new, "undone")
    cause = f"beside app-{swap.old}: {swap.cause}"
    return Step(f"start app-{swap.new}", cause, partial(start_colour, env.engine, swap), undo=(undo,))


def probe(env: Environment, colour: str) -> Step:
    cause = f"until {env.settings.app_ready_path} answers 200, {env.settings.app_boot_timeout} s at most"
    return Step(f"probe app-{colour}", cause, partial(gates.probe, env, colour))


def switch(env: Environment, swap: Swap, record: Record | None = None) -> Switch:
    """A switch of which the answer is lost may have happened: it is undone as soon as it was begun."""
    back = Step("switch back", f"{swap.new} → {swap.old}", partial(point, env.engine, swap.old))
    # Whoever is with the new one already has done nothing wrong.
    rest = Step(f"drain app-{swap.new}", patience(env), partial(drained_if_up, env, swap.new))
    work = partial(switch_colour, env.engine, swap, record)
    return Switch("switch", f"{swap.old} → {swap.new}", work, undo=(back, rest))


def drain(env: Environment, swap: Swap) -> Step:
    return Step(f"drain app-{swap.old}", patience(env), partial(drain_colour, env, swap.old))


def stop(env: Environment, colour: str, cause: str, final: bool = False) -> Step:
    return Step(f"stop app-{colour}", cause, partial(env.engine.rollout.retire, colour), final=final)


def watch(env: Environment, colour: str) -> Level:
    """Looks at the share of 5xx answers and at restarts for WATCH_SECONDS, while the old release still stands by."""
    seconds = env.settings.watch_seconds
    if not seconds:
        return ()
    return (Step("watch", f"{seconds} s: errors and restarts", partial(watch_colour, env, colour, seconds)),)


def undo(env: Environment, swap: Swap) -> tuple[Step, ...]:
    """Back from a swap that was made: the old colour was never stopped before the new one had proven itself."""
    return (*switch(env, swap).undo, *start(env, swap).undo)


def patience(env: Environment) -> str:
    return f"requests in flight, {env.settings.drain_timeout} s at most"


# -- what they do --------------------------------------------------------------------------------------------------


def start_colour(engine: Engine, swap: Swap, progress: Progress) -> str:
    if not engine.rollout.image_id(swap.image):
        raise HealthError(
            swap.image, "not on the engine", "the image of the release", "./invoke deploy builds or pulls it"
        )
    engine.rollout.start(swap.new, swap.image, progress)
    return swap.image


def switch_colour(engine: Engine, swap: Swap, record: Record | None, progress: Progress) -> str:
    if record:
        record.end_count()
    done = engine.inside(SWITCH, SwitchTo(swap.new), progress)
    return f"{swap.old} → {swap.new} in {done.ms:.0f} ms"


def point(engine: Engine, colour: str, progress: Progress) -> str:
    return f"app-{colour} serves, switched in {engine.inside(SWITCH, SwitchTo(colour), progress).ms:.0f} ms"


def drain_colour(env: Environment, colour: str, progress: Progress) -> str:
    done = env.engine.inside(DRAIN, Drain(colour, env.settings.drain_timeout), progress)
    return f"{done.left} requests cut off at the deadline" if done.left else "nothing in flight"


def drained_if_up(env: Environment, colour: str, progress: Progress) -> str:
    """The same for a way back, which a gateway that is down must not bar: nothing is in flight there."""
    if not env.engine.inside(ACTIVE, Nothing(), progress).up:
        return "the gateway is down: nothing in flight"
    return drain_colour(env, colour, progress)


def watch_colour(env: Environment, colour: str, seconds: int, progress: Progress) -> str:
    engine, deadline = env.engine, time.monotonic() + seconds
    before, restarts, looked = engine.inside(TALLY, Nothing(), progress), engine.rollout.restarts(colour), 0
    while True:
        how = engine.rollout.gave_up(colour)
        if how or engine.rollout.restarts(colour) > restarts:
            raise colour_error(env, colour, f"it crashed while it was watched{f': {how}' if how else ''}")
        found = answers.since(before, engine.inside(TALLY, Nothing(), progress))
        if answers.too_many_failed(found, env.settings.watch_errors):
            raise colour_error(env, colour, f"{found.failed} of {found.answers} answers were 5xx")
        if found.unanswered > looked:
            looked = found.unanswered
            look_closer(env, colour, found, progress)
        if (left := deadline - time.monotonic()) <= 0:
            return f"{answers.describe(found)}, no restart"
        progress.say(f"{left:.0f} s left, {answers.describe(found)}")
        time.sleep(min(POLL, left))


def look_closer(env: Environment, colour: str, found: Tally, progress: Progress) -> None:
    """Asks the app itself where requests get no answer: one that is malformed has none, and says nothing against it."""
    try:
        env.engine.inside(PROBE, env.engine.rollout.target(colour, CLOSER), progress)
    except GateError as error:
        text = f"{answers.describe(found)}, and it is not ready: {error.found}"
        raise colour_error(env, colour, text) from None


def colour_error(env: Environment, colour: str, found: str) -> HealthError:
    return HealthError(
        f"app-{colour}",
        found,
        f"at most {env.settings.watch_errors}% of answers 5xx and no restart",
        f"mend it, then ./invoke deploy{env.flag}",
        env.engine.rollout.log(colour, 20),
    )
