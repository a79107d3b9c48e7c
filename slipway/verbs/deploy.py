"""`deploy`: a new release on a running stack, beside the old one, with no request lost, and undone if it fails."""

from __future__ import annotations

import time
from functools import partial

from slipway.engine import Seen
from slipway.environment import World, enter
from slipway.plan import Level, Plan, Progress, Step
from slipway.release import failure, hooks, rollout
from slipway.release.record import Recorder
from slipway.release.rollout import Swap
from slipway.verbs import smoke, up
from slipway.verbs.up import Extras


def run(on: str, reporter, wait: float = 0, dry_run: bool = False) -> None:
    """Builds or pulls, takes the lock, migrates, starts the release beside the old one, probes, switches, drains, proves."""
    if dry_run:
        from slipway.verbs import plan

        return plan.run(on, reporter)
    begun = time.monotonic()
    with failure.told(on, reporter, "deploy") as attempt:
        put(enter(on), reporter, wait, begun, attempt)


def put(world: World, reporter, wait: float, begun: float, attempt: failure.Attempt) -> None:
    reporter.header(world.header)
    seen = world.engine.observe(data=False)
    if not up.differences(world.engine.wanted(), seen.services):
        # Where the services show no work, only the data side can tell whether there is any.
        seen = world.engine.observe()
        if not planned(world, seen) and not up.unfinished(world, seen):
            return unchanged(world, reporter, seen, begun)
    if not world.engine.rollout:
        reporter.line(
            "  this engine restarts the app in place: requests fail until it has booted, and there is no way back"
        )
    recorder = attempt.recorder = Recorder(world, reporter, {})
    up.put(world, recorder, seen, "deploy", wait, partial(extras, world))
    proud(world, reporter, recorder, begun)


def unchanged(world: World, reporter, seen: Seen, begun: float) -> None:
    good = (seen.data or {}).get("releases", {}).get("good") or {}
    seconds = time.monotonic() - begun
    reporter.done(
        f"Nothing to deploy: {good.get('id', 'what runs')} is as asked and answers ({seconds:.1f} s).",
        release=good.get("id"),
        steps=0,
    )


def planned(world: World, seen: Seen) -> Plan:
    """The plan of a deploy, to be looked at and not to be run."""
    recorder = Recorder(world, None, {})
    return up.plan(world, seen, recorder, extras(world, recorder))


def extras(world: World, recorder: Recorder) -> Extras:
    """Hooks, the watch and the smoke test: an `up` does without them."""
    recorder.hooked = True
    return Extras(
        before=hook(world, recorder, "pre-deploy"),
        migrated=hook(world, recorder, "post-migrate"),
        gates=partial(gates, world),
    )


def gates(world: World, change: Swap | None) -> tuple[Level, ...]:
    """What a release must pass in its new place; only of a swap does the old one still stand by, to be gone back to."""
    test = smoke.step(world)
    return ((test,) if test else (), rollout.watch(world, change.new) if change else ())


def hook(world: World, recorder: Recorder, name: str) -> tuple[Level, ...]:
    if not (world.root / "hooks" / name).exists():
        return ()

    def work(progress: Progress) -> str:
        return hooks.run(
            name,
            recorder.record,
            world.root,
            hooks.environment(world.settings),
            world.settings.hook_timeout,
            progress.say,
        )

    return ((Step(f"hook {name}", f"hooks/{name}", work),),)


def proud(world: World, reporter, recorder: Recorder, begun: float) -> None:
    """The last line, and the hook that tells others."""
    record, seconds = recorder.record, time.monotonic() - begun
    if recorder.new:
        said = hooks.attempt(
            "post-deploy", record, world.root, hooks.environment(world.settings), world.settings.hook_timeout
        )
        if said:
            reporter.line(f"  hook post-deploy: {said}")
    name = record.get("id", "The stack as asked")
    reporter.done(
        f"{name} serves after {seconds:.1f} s.\n{world.engine.url()}",
        release=record.get("id"),
        seconds=round(seconds, 3),
        url=world.engine.url(),
        steps=len(recorder.seconds),
    )
