"""A release beside the one that serves: start, probe, switch, drain, watch, stop; and the way back if one of them fails."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from slipway.engine import Engine, Seen
from slipway.environment import World
from slipway.errors import GateError, HealthError
from slipway.plan import Level, Plan, Progress, Step
from slipway.release.record import Recorder

OTHER = {"blue": "green", "green": "blue"}
POLL = 0.5


@dataclass(frozen=True)
class Swap:
    """From one colour to the other: with which image, and why."""

    old: str
    new: str
    image: str
    cause: str


def swap(world: World, seen: Seen, differ: Mapping[str, str]) -> Swap | None:
    """The swap that brings the wanted app, or None: nothing serves that could go on meanwhile, or nothing has changed."""
    app, rollout = seen.services.get("app"), world.engine.rollout
    if not (rollout and app and "app" in differ and "gateway" in seen.services):
        return None
    if app.state not in ("running", "scaled") or app.config == world.engine.wanted()["app"]:
        return None
    return Swap(seen.colour, OTHER[seen.colour], rollout.image(), differ["app"])


def levels(
    world: World, change: Swap, recorder: Recorder, gateway: tuple[Level, ...] = (), gates: tuple[Level, ...] = ()
) -> Iterator[Level]:
    """The steps of a swap. `gateway` brings what the gateway itself needs; `gates` prove the release in its place."""
    engine, settings = world.engine, world.settings
    yield (Step(f"start app-{change.new}", f"beside app-{change.old}: {change.cause}", partial(start, engine, change)),)
    yield (
        Step(
            f"probe app-{change.new}",
            f"until {settings.app_ready_path} answers 200, {settings.app_boot_timeout} s at most",
            partial(probe, world, change.new),
        ),
    )
    yield from gateway
    yield (Step("switch", f"{change.old} → {change.new}", partial(switch, engine, change, recorder)),)
    yield (
        Step(
            f"drain app-{change.old}",
            f"requests in flight, {settings.drain_timeout} s at most",
            partial(drain, world, change),
        ),
    )
    yield from gates
    yield (Step(f"stop app-{change.old}", f"app-{change.new} serves", partial(engine.rollout.retire, change.old)),)


def start(engine: Engine, change: Swap, progress: Progress) -> str:
    if not engine.rollout.image_id(change.image):
        raise HealthError(
            change.image, "not on the engine", "the image of the release", "./invoke deploy builds or pulls it"
        )
    engine.rollout.start(change.new, change.image, progress)
    return change.image


def probe(world: World, colour: str, progress: Progress) -> str:
    """Asks every container of a colour directly; gives up as soon as one has crashed for good."""
    engine, name = world.engine, f"app-{colour}"

    def crashed() -> None:
        if how := engine.rollout.gave_up(colour):
            raise HealthError(
                name,
                how,
                "an app that stays up",
                "mend what its log says, then ./invoke deploy" + world.flag,
                engine.rollout.log(colour, 20),
            )

    try:
        found = engine.inside(
            "probe.app",
            {**engine.rollout.target(colour), "timeout": world.settings.app_boot_timeout},
            progress,
            give_up=crashed,
        )
    except GateError as error:
        raise HealthError(
            name,
            error.found,
            error.expected,
            "mend what its log says, then ./invoke deploy" + world.flag,
            engine.rollout.log(colour, 20),
        ) from None
    return f"ready at try {found['tries']}"


def switch(engine: Engine, change: Swap, recorder: Recorder, progress: Progress) -> str:
    # Noted first: a switch of which the answer is lost may have happened.
    recorder.switched = True
    done = engine.inside("gateway.switch", {"to": change.new}, progress)
    return f"{change.old} → {change.new} in {done['ms']:.0f} ms"


def drain(world: World, change: Swap, progress: Progress) -> str:
    done = world.engine.inside("gateway.drain", {"from": change.old, "timeout": world.settings.drain_timeout}, progress)
    return f"{done['left']} requests cut off at the deadline" if done["left"] else "nothing in flight"


def watch(world: World, colour: str) -> Level:
    """Looks at the share of 5xx answers and at restarts for WATCH_SECONDS, while the old release still stands by."""
    seconds = world.settings.watch_seconds
    if not seconds:
        return ()
    return (Step("watch", f"{seconds} s: errors and restarts", partial(watched, world, colour, seconds)),)


def watched(world: World, colour: str, seconds: int, progress: Progress) -> str:
    engine, deadline = world.engine, time.monotonic() + seconds
    before, restarts = engine.inside("gateway.tally", {}, progress), engine.rollout.restarts(colour)
    while True:
        if engine.rollout.restarts(colour) > restarts or (how := engine.rollout.gave_up(colour)):
            raise failing(world, colour, f"it crashed while it was watched{f': {how}' if how else ''}")
        answers, failed = counted(before, engine.inside("gateway.tally", {}, progress))
        if failed * 100 > answers * world.settings.watch_errors:
            raise failing(world, colour, f"{failed} of {answers} answers were 5xx")
        if (left := deadline - time.monotonic()) <= 0:
            return f"{answers} answers, {failed} of them 5xx, no restart"
        progress.say(f"{left:.0f} s left, {answers} answers, {failed} of them 5xx")
        time.sleep(min(POLL, left))


def counted(before: Mapping[str, int], now: Mapping[str, int]) -> tuple[int, int]:
    """Answers and failed ones since `before`; a gateway that was started anew meanwhile counts from nothing."""
    since = before if now["answers"] >= before["answers"] else {"answers": 0, "failed": 0}
    return now["answers"] - since["answers"], max(0, now["failed"] - since["failed"])


def failing(world: World, colour: str, found: str) -> HealthError:
    return HealthError(
        f"app-{colour}",
        found,
        f"at most {world.settings.watch_errors}% of answers 5xx and no restart",
        f"mend it, then ./invoke deploy{world.flag}",
        world.engine.rollout.log(colour, 20),
    )


def undo(world: World, change: Swap, switched: bool) -> Plan:
    """Back to the old colour, which was never stopped before the new one had proven itself."""
    stop = Step(f"stop app-{change.new}", "undone", partial(world.engine.rollout.retire, change.new))
    if not switched:
        return Plan(((stop,),))
    back = Step("switch back", f"{change.new} → {change.old}", partial(point, world.engine, change.old))
    # Whoever is with the new one already has done nothing wrong.
    patience = f"requests in flight, {world.settings.drain_timeout} s at most"
    rest = Step(f"drain app-{change.new}", patience, partial(drain_if_up, world, Swap(change.new, change.old, "", "")))
    return Plan(((back,), (rest,), (stop,)))


def drain_if_up(world: World, change: Swap, progress: Progress) -> str:
    """The same for a way back, which a gateway that is down must not bar: nothing is in flight there."""
    if not world.engine.inside("gateway.active", {}, progress)["up"]:
        return "the gateway is down: nothing in flight"
    return drain(world, change, progress)


def point(engine: Engine, colour: str, progress: Progress) -> str:
    return f"app-{colour} serves, switched in {engine.inside('gateway.switch', {'to': colour}, progress)['ms']:.0f} ms"
