"""`deploy`: a new release on a running stack, beside the old one, with no request lost, and undone if it fails."""

from __future__ import annotations

import time
from functools import partial

from slipway import hooks
from slipway.plan import Level, Progress, Step
from slipway.record import Recorder
from slipway.verbs import release, smoke, up
from slipway.verbs.release import Swap
from slipway.verbs.up import Extras
from slipway.world import World, enter


def run(on: str, reporter, wait: float = 0, dry_run: bool = False) -> None:
    """Builds or pulls, takes the lock, migrates, starts the release beside the old one, probes, switches, drains, proves."""
    begun = time.monotonic()
    world = enter(on)
    seen = world.engine.observe()
    todo = up.plan(world, seen, planned(world), extras(world, planned(world)))
    reporter.header(world.header)
    if dry_run:
        reporter.plan(todo) if todo else reporter.done("Nothing to deploy.", url=world.engine.url())
        return
    if not todo and not up.unfinished(world, seen):
        good = (seen.data or {}).get("releases", {}).get("good") or {}
        reporter.done(
            f"Nothing to deploy: {good.get('id', 'what runs')} is as asked and answers "
            f"({time.monotonic() - begun:.1f} s).",
            release=good.get("id"),
            steps=0,
        )
        return
    if not world.engine.rollout:
        reporter.line(
            "  this engine restarts the app in place: requests fail until it has booted, and there is no way back"
        )
    done = up.put(world, reporter, seen, "deploy", wait, partial(extras, world))
    proud(world, reporter, done, begun)


def planned(world: World) -> Recorder:
    """A recorder for a plan that is only looked at."""
    return Recorder(world, None, {})


def extras(world: World, recorder: Recorder) -> Extras:
    """Hooks, the watch and the smoke test: an `up` does without them."""
    recorder.hooked = True
    return Extras(
        before=hook(world, recorder, "pre-deploy"),
        migrated=hook(world, recorder, "post-migrate"),
        gates=partial(gates, world),
    )


def gates(world: World, change: Swap) -> tuple[Level, ...]:
    """What a release must pass in its new place, while the old one still stands by."""
    test = smoke.step(world)
    return ((test,) if test else (), release.watch(world, change.new))


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
