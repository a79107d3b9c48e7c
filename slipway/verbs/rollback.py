"""`rollback`: back to a release that was good, by the same switch, unless the schema has moved on."""

from __future__ import annotations

import time
from functools import partial

from slipway import hooks
from slipway.engine import Seen
from slipway.errors import EngineError, MigrationError, SettingsError
from slipway.plan import Plan, Silent, Step
from slipway.record import Recorder, facts
from slipway.verbs import carry, gates, history, release
from slipway.verbs.release import OTHER, Swap
from slipway.world import World, enter


def run(on: str, reporter, release: str | None = None, listing: bool = False, wait: float = 0) -> None:
    """Goes to `release`, or to the last good one before the one that serves; `listing` only shows those."""
    begun = time.monotonic()
    world = enter(on)
    if not world.engine.rollout:
        raise SettingsError(
            "rollback",
            "the embedded engine runs the app from the working tree",
            "a Docker engine, which keeps the image of each release",
            "git checkout the older state, then ./invoke deploy",
        )
    records = history.every(world)
    reporter.header(world.header)
    if listing:
        show(world, reporter, records)
        return
    target = chosen(world, records, release)
    refuse_missing(world, target)
    refuse_gap(world, target)
    recorder = Recorder(
        world, reporter, facts(world, target["image"], "rollback") | {"revision": target["revision"]}, again=True
    )
    recorder.hooked = True
    done = carry.locked(world, reporter, f"rollback to {target['id']}", wait, recorder, partial(planner, world, target))
    hook = hooks.attempt(
        "on-rollback", done.record, world.root, hooks.environment(world.settings), world.settings.hook_timeout
    )
    if hook:
        reporter.line(f"  hook on-rollback: {hook}")
    reporter.done(
        f"{done.record['id']} serves what {target['id']} was, after {time.monotonic() - begun:.1f} s.\n{world.engine.url()}",
        release=done.record["id"],
        target=target["id"],
        url=world.engine.url(),
    )


def show(world: World, reporter, records: list[dict]) -> None:
    kept = [record for record in good(records) if world.engine.rollout.image_id(record["image"])]
    for record in kept:
        reporter.line("  " + history.line(record))
    reporter.done(f"{len(kept)} releases to go back to.", releases=kept)


def good(records: list[dict]) -> list[dict]:
    return [record for record in records if record["result"] == "good"]


def chosen(world: World, records: list[dict], name: str | None) -> dict:
    """The record that was asked for; by default the newest good one that is not what serves now. Records: newest first."""
    if name:
        found = next((record for record in records if name in (record["id"], record["id"].split("-")[0])), None)
        if not found:
            raise SettingsError("release", name, "a release that is on record", f"./invoke rollback --list{world.flag}")
        return found
    passed = good(records)
    now = passed[0] if passed else None
    found = next((record for record in passed if record["config"] != now["config"]), None)
    if not found:
        raise SettingsError(
            "rollback",
            "no good release before this one",
            "an older release to go back to",
            f"./invoke history{world.flag}",
        )
    return found


def refuse_missing(world: World, target: dict) -> None:
    """An image is found by its name, and must be the very one of then where its digest is known."""
    found = world.engine.rollout.image_id(target["image"])
    if not found:
        raise EngineError(
            f"image of {target['id']}",
            f"{target['image']} is not on the engine",
            "the image of that release",
            f"docker pull {target['image']}, if a registry has it; else git checkout "
            f"{target['revision'] or 'its revision'}, then ./invoke deploy{world.flag}",
        )
    if target.get("image_id") and found != target["image_id"]:
        raise EngineError(
            f"image of {target['id']}",
            f"{target['image']} is another image now ({found[:19]})",
            target["image_id"][:19],
            f"docker pull the image by its digest, then ./invoke rollback{world.flag}",
        )


def refuse_gap(world: World, target: dict) -> None:
    gap = world.engine.inside("releases.gap", {"id": target["id"]}, Silent())
    if not gap["reason"]:
        return
    named = f" ({', '.join(gap['migrations'])})" if gap["migrations"] else ""
    then = (
        f"./invoke restore {gap['backup']}{world.flag} brings the data of then back"
        if gap["backup"]
        else f"./invoke db.goto {target['schema_after']}{world.flag}, or mark those migrations `-- slipway: compatible` if "
        f"{target['id']} can read what they leave"
    )
    raise MigrationError(
        f"rollback to {target['id']}", gap["reason"] + named, "a schema that this release can read", then
    )


def planner(world: World, target: dict, seen: Seen, recorder: Recorder) -> tuple[Plan, Swap | None]:
    if not seen.colour or "app" not in seen.services or "gateway" not in seen.services:
        raise EngineError("rollback", "the stack does not run", "a running stack", f"./invoke up{world.flag}")
    change = Swap(seen.colour, OTHER[seen.colour], target["image"], f"back to {target['id']}")
    recorder.facts |= {"colour": change.new}
    record: Step = Step("record", "who, what, when", recorder.open)
    return Plan(
        (
            (record,),
            *release.levels(
                world, change, recorder, gates=((gates.front_door(world.engine, world),), release.watch(world, change.new))
            ),
        )
    ), change
