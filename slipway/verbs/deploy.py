"""`deploy`: a new release on a running stack, beside the old one, with no request lost, and undone if it fails.

Its steps, in order, are the page `deploy` of slipway/release/plans.py.
"""

from __future__ import annotations

import time

from slipway.engine import Seen
from slipway.environment import Environment, enter
from slipway.release import confirm, execute, failure, history, plans, preview
from slipway.release.change import compare, cut_short, describe_tally
from slipway.release.record import Record, describe


def run(on: str, reporter, wait: float = 0, dry_run: bool = False, yes: bool = False) -> None:
    """Builds or pulls, takes the lock, migrates, starts the release beside the old one, probes, switches, drains, proves."""
    if dry_run:
        preview.deploy(on, reporter)
        return
    begun = time.monotonic()
    with failure.announce_failure(on, reporter, "deploy") as attempt:
        put(enter(on), reporter, wait, yes, begun, attempt)


def put(env: Environment, reporter, wait: float, yes: bool, begun: float, attempt: failure.Attempt) -> None:
    reporter.header(env.header)
    seen = env.engine.observe()
    change = compare(env, seen)
    shown = plans.deploy(env, seen, change, Record(env, "deploy"))
    if not shown and not cut_short(seen):
        return report_unchanged(env, reporter, seen, begun)
    confirm.agree(env, reporter, change, shown, yes)
    if env.engine.rollout.notice:
        reporter.line(f"  {env.engine.rollout.notice}")
    shown = shown.without(execute.prepare(env, reporter, seen))
    image = env.engine.rollout.image()
    record = attempt.record = Record(env, "deploy", describe(env, image, "deploy"), hooked=True)
    tally = execute.release(env, reporter, plans.deploy, record, shown, wait)
    announce(env, reporter, record, tally, begun)


def report_unchanged(env: Environment, reporter, seen: Seen, begun: float) -> None:
    good = (seen.data and seen.data.releases.good) or {}
    seconds = time.monotonic() - begun
    reporter.done(
        f"Nothing to deploy: {good.get('id', 'what runs')} is as asked and answers ({seconds:.1f} s).",
        release=good.get("id"),
        steps=0,
    )


def announce(env: Environment, reporter, record: Record, tally: dict[str, int], begun: float) -> None:
    """The hook that tells others, and the last line."""
    if record.new:
        execute.hook(env, reporter, "post-deploy", record.content)
    name, seconds = record.content.get("id", "The stack as asked"), time.monotonic() - begun
    felt = history.felt(record.since_migration())
    reporter.done(
        f"{name} serves after {seconds:.1f} s: {describe_tally(tally)}{f'; {felt}' if felt else ''}.\n{env.engine.url()}",
        release=record.content.get("id"),
        seconds=round(seconds, 3),
        url=env.engine.url(),
        steps=len(record.seconds),
        **tally,
        **record.since_migration(),
    )
