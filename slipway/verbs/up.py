"""`up`: the whole stack, in deploy order, each part proven before the next begins."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from slipway.config import envfile
from slipway.engine import Engine, Running, Seen
from slipway.environment import ROOT, World, enter, first_run, imagined
from slipway.errors import EngineError
from slipway.outlook import pause
from slipway.plan import Level, Plan, Step, apply
from slipway.release import archive, carry, gates, gateway, provision, rollout, safety
from slipway.release.record import Recorder, facts
from slipway.release.rollout import Swap
from slipway.stack.model import STORES
from slipway.system.process import end_all

DATA_TIER = (*STORES, "ops", "schedule", "pitr")


@dataclass(frozen=True)
class Extras:
    """What a deploy does and an `up` does not: steps before anything is changed, after migrations, and in the new place.

    `gates` are asked for a swap, or for None where what runs was changed in its place.
    """

    before: tuple[Level, ...] = ()
    migrated: tuple[Level, ...] = ()
    gates: Callable[[Swap | None], tuple[Level, ...]] = lambda change: ()


def run(on: str, reporter, dry_run: bool = False, wait: float = 0) -> None:
    """Observes, plans, applies, and observes again: done is when a second look finds nothing left to do."""
    begun = time.monotonic()
    world = enter(on, imagined()) if dry_run and first_run(on) else settled(on, reporter)
    seen = world.engine.observe()
    todo = plan(world, seen)
    reporter.header(world.header)
    if dry_run:
        from slipway.verbs import plan as looking

        looking.show(world, reporter, seen, todo)
        return
    if todo or unfinished(world, seen):
        put(world, Recorder(world, reporter, {}), seen, "up", wait)
        check(world, world.engine.observe())
    seconds = time.monotonic() - begun
    words = (
        f"Up in {seconds:.1f} s." if todo else f"Nothing to do: everything runs as asked and answers ({seconds:.1f} s)."
    )
    reporter.done(
        f"{words}\n{world.engine.url()}", url=world.engine.url(), seconds=round(seconds, 3), steps=len(todo.steps)
    )


def unfinished(world: World, seen: Seen) -> bool:
    """Whether a deploy was cut short: only who holds the lock may say that it is not still under way."""
    newest = seen.data["releases"]["newest"] if seen.data else None
    return bool(seen.beside or seen.pointed not in ("", seen.colour) or (newest and newest["result"] == "running"))


def put(
    world: World,
    recorder: Recorder,
    seen: Seen,
    doing: str,
    wait: float,
    extras: Callable[[Recorder], Extras] | None = None,
) -> None:
    """Builds and pulls, then, under the lock, does what is still to be done."""
    engine, reporter = world.engine, recorder.reporter
    apply(Plan(tuple(builds(engine, seen))), reporter, end_all)
    image = engine.rollout.image() if engine.rollout else ""
    recorder.facts |= facts(world, image, doing)

    def planner(now: Seen, recorder: Recorder) -> tuple[Plan, Swap | None]:
        differ = differences(engine.wanted(), now.services)
        change = rollout.swap(world, now, differ)
        recorder.facts |= {"colour": change.new if change else now.colour}
        if "gateway" in differ and now.services.get("gateway", Running("")).state == "running":
            reporter.line(f"  gateway: {pause('gateway', True, True)}")
        return plan(world, now, recorder, extras(recorder) if extras else Extras()), change

    carry.locked(world, reporter, doing, wait, recorder, planner)


def settled(on: str, reporter) -> World:
    """The world of an environment; the local one gets its settings file first if it has none."""
    if first_run(on) and envfile.write_fresh(path := envfile.path_of(ROOT, on)):
        reporter.line(f"wrote {path.name} with fresh random secrets (mode 0600)")
    return enter(on)


def plan(world: World, seen: Seen, recorder: Recorder | None = None, extras: Extras = Extras()) -> Plan:
    """The steps from what was seen to the stack that the settings ask for; empty when there is nothing to do."""
    engine = world.engine
    differ = differences(engine.wanted(), seen.services)
    change = rollout.swap(world, seen, differ)
    data = [name for name in differ if name in DATA_TIER]
    front = [name for name in differ if name not in DATA_TIER]
    replaced = starts(engine, [name for name in front if name == "gateway"], differ)
    config = gateway.level(world, seen, change, starts=bool(replaced))
    away = unreachable(seen)
    doubtful = STORES if not seen.answering else tuple(s for s in STORES if s in data or (s == "postgres" and away))
    # A new ops may carry other files than the one that was asked.
    pending = provision.schema(world, seen, changed="postgres" in doubtful or "ops" in data)
    door = (gates.front_door(engine, world),)
    serve = (
        (*rollout.levels(world, change, recorder, (config, replaced), (*extras.gates(change), door)),)
        if change
        else (
            config,
            starts(engine, front, differ),
            (gates.ready(world, seen),) if doubtful or front or any(pending) else (),
            door if doubtful or front or config else (),
        )
    )
    new = recorder and ("app" in differ or any(pending))
    planned = Plan(
        (
            *builds(engine, seen),
            starts(engine, data, differ),
            tuple(
                gates.gate(engine, store, "started in this run" if store in data else doubt(seen, away))
                for store in doubtful
            ),
            provision.settle(world, seen, (*doubtful, *data)),
            *archive.levels(world, seen, (*doubtful, *data)),
            (Step("record", "who, what, when", recorder.open),) if new else (),
            *(extras.before if new else ()),
            *safety.levels(world, pending[0], recorder),
            pending[0],
            *(extras.migrated if new and pending[0] else ()),
            pending[1],
            *serve,
        )
    )
    return planned if change or not planned else Plan((*planned, *extras.gates(None)))


def unreachable(seen: Seen) -> str:
    """Why the database did not let the data side in: an app may answer without it. Empty where it did, or was not asked."""
    found = seen.data["postgres"] if seen.data else {"reachable": True}
    return "" if found["reachable"] else found["reason"] or "not reachable"


def doubt(seen: Seen, away: str) -> str:
    """What a gate is for where nothing was started."""
    return away if seen.answering else seen.last_answer or "not proven yet"


def differences(wanted: Mapping[str, str], found: Mapping[str, Running]) -> dict[str, str]:
    """Services that are not as wanted, each with the reason."""
    reasons = {name: reason(config, found.get(name)) for name, config in wanted.items()}
    return {name: text for name, text in reasons.items() if text}


def reason(config: str, running: Running | None) -> str:
    if running is None:
        return "not running"
    if running.state != "running":
        return {"orphan": running.detail, "restarting": "keeps restarting"}.get(
            running.state, running.detail or "stopped"
        )
    return "" if running.config == config else "settings, secrets or image changed"


def builds(engine: Engine, seen: Seen) -> list[Level]:
    wanted = engine.prepare(seen)
    return [
        tuple(build.step for build in wanted if build.level == level) for level in sorted({b.level for b in wanted})
    ]


def starts(engine: Engine, names: Sequence[str], causes: Mapping[str, str]) -> Level:
    if not names:
        return ()
    grouped = {
        cause: [name for name in names if causes[name] == cause] for cause in dict.fromkeys(causes[n] for n in names)
    }
    cause = "; ".join(text if len(grouped) == 1 else f"{', '.join(those)}: {text}" for text, those in grouped.items())
    return (Step(f"start {', '.join(names)}", cause, partial(engine.start, names)),)


def check(world: World, seen: Seen) -> None:
    """After the last step a fresh look must find nothing left to do; otherwise something undid what was done."""
    left = plan(world, seen)
    if left:
        step = left.steps[0]
        raise EngineError(
            "after the last step",
            f"{step.name} is needed still: {step.cause}",
            "a stack that stays as it was made",
            f"./invoke status{world.flag}",
        )
