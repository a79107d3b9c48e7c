"""`deploy`: a new release on a running stack, beside the old one, with no request lost, and undone if it fails.

Its steps, in order, are the page `deploy` of slipway/release/plans.py.
"""

from __future__ import annotations

import time

from slipway.engine import Seen
from slipway.environment import World, enter
from slipway.release import execute, failure, plans, preview
from slipway.release.change import compare, counted, cut_short
from slipway.release.record import Record, describe


def run(on: str, reporter, wait: float = 0, dry_run: bool = False, yes: bool = False) -> None:
    """Builds or pulls, takes the lock, migrates, starts the release beside the old one, probes, switches, drains, proves."""
    if dry_run:
        preview.deploy(on, reporter)
        return
    begun = time.monotonic()
    with failure.told(on, reporter, "deploy") as attempt:
        put(enter(on), reporter, wait, yes, begun, attempt)


def put(world: World, reporter, wait: float, yes: bool, begun: float, attempt: failure.Attempt) -> None:
    reporter.header(world.header)
    seen = world.engine.observe()
    change = compare(world, seen)
    shown = plans.deploy(world, seen, change, Record(world, "deploy"))
    if not shown and not cut_short(seen):
        return unchanged(world, reporter, seen, begun)
    preview.agree(world, reporter, change, shown, yes)
    if world.engine.rollout.notice:
        reporter.line(f"  {world.engine.rollout.notice}")
    shown = shown.without(execute.prepare(world, reporter, seen))
    image = world.engine.rollout.image()
    record = attempt.record = Record(world, "deploy", describe(world, image, "deploy"), hooked=True)
    tally = execute.release(world, reporter, plans.deploy, record, shown, wait)
    announce(world, reporter, record, tally, begun)


def unchanged(world: World, reporter, seen: Seen, begun: float) -> None:
    good = (seen.data or {}).get("releases", {}).get("good") or {}
    seconds = time.monotonic() - begun
    reporter.done(
        f"Nothing to deploy: {good.get('id', 'what runs')} is as asked and answers ({seconds:.1f} s).",
        release=good.get("id"),
        steps=0,
    )


def announce(world: World, reporter, record: Record, tally: dict[str, int], begun: float) -> None:
    """The hook that tells others, and the last line."""
    if record.new:
        execute.hook(world, reporter, "post-deploy", record.content)
    name, seconds = record.content.get("id", "The stack as asked"), time.monotonic() - begun
    reporter.done(
        f"{name} serves after {seconds:.1f} s: {counted(tally)}.\n{world.engine.url()}",
        release=record.content.get("id"),
        seconds=round(seconds, 3),
        url=world.engine.url(),
        steps=len(record.seconds),
        **tally,
    )
