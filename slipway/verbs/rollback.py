"""`rollback`: back to a release that was good, by the same switch, unless the schema has moved on."""

from __future__ import annotations

import time
from functools import partial

from slipway import hooks
from slipway.engine import Seen
from slipway.errors import EngineError, MigrationError, SettingsError
from slipway.plan import Plan, Silent, Step, apply
from slipway.process import end_all
from slipway.record import Recorder, facts
from slipway.verbs import carry, failure, gates, gateway, history, release
from slipway.verbs.release import OTHER, Swap
from slipway.world import World, enter


def run(on: str, reporter, release: str | None = None, listing: bool = False, wait: float = 0) -> None:
    """Goes to `release`, or to the last good one before the one that serves; `listing` only shows those."""
    if listing:
        world = able(on)
        reporter.header(world.header)
        return show(world, reporter, history.every(world))
    begun = time.monotonic()
    with failure.told(on, reporter, "rollback") as attempt:
        back(able(on), reporter, release, wait, begun, attempt)


def able(on: str) -> World:
    """The world of an environment whose engine keeps images. Raises SettingsError for any other."""
    world = enter(on)
    if not world.engine.rollout:
        raise SettingsError(
            "rollback",
            "the embedded engine runs the app from the working tree",
            "a Docker engine, which keeps the image of each release",
            "git checkout the older state, then ./invoke deploy",
        )
    return world


def back(world: World, reporter, release: str | None, wait: float, begun: float, attempt: failure.Attempt) -> None:
    reporter.header(world.header)
    target = chosen(world, history.every(world), release)
    refuse_gap(world, target)
    target |= {"image": image_of(world, reporter, target)}
    recorder = attempt.recorder = Recorder(
        world, reporter, facts(world, target["image"], "rollback") | {"revision": target["revision"]}, again=True
    )
    recorder.hooked = True
    carry.locked(world, reporter, f"rollback to {target['id']}", wait, recorder, partial(planner, world, target))
    env, settings = hooks.environment(world.settings), world.settings
    if said := hooks.attempt("on-rollback", recorder.record, world.root, env, settings.hook_timeout):
        reporter.line(f"  hook on-rollback: {said}")
    reporter.done(
        f"{recorder.record['id']} serves what {target['id']} was, after {time.monotonic() - begun:.1f} s.\n{world.engine.url()}",
        release=recorder.record["id"],
        target=target["id"],
        url=world.engine.url(),
    )


def show(world: World, reporter, records: list[dict]) -> None:
    kept = [record for record in good(records) if at_hand(world, record) or record.get("digest")]
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


def at_hand(world: World, record: dict) -> str:
    """The name under which the engine has the very image of a release now; an empty text if it has it no more."""
    rollout, identity = world.engine.rollout, record.get("image_id")
    found = rollout.image_id(record["image"])
    if found and (not identity or found == identity):
        return record["image"]
    # Its tag went on to another image, or went.
    there = [name for name in (record.get("digest"), identity) if name and rollout.image_id(name)]
    return there[0] if there else ""


def image_of(world: World, reporter, target: dict) -> str:
    """The image of a release: at hand, or pulled by its digest. Raises EngineError where neither can be."""
    if found := at_hand(world, target):
        return found
    if digest := target.get("digest"):
        pull = Step(f"pull {digest}", "not on the engine", partial(world.engine.rollout.pull, digest))
        apply(Plan(((pull,),)), reporter, end_all)
        return digest
    raise EngineError(
        f"image of {target['id']}",
        f"{target['image']} is another image now"
        if world.engine.rollout.image_id(target["image"])
        else f"{target['image']} is not on the engine, and it came from no registry",
        "the image of that release",
        f"git checkout {target['revision'] or 'its revision'}, then ./invoke deploy{world.flag}",
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
                world,
                change,
                recorder,
                (gateway.level(world, seen, change, starts=False),),
                ((gates.front_door(world.engine, world),), release.watch(world, change.new)),
            ),
        )
    ), change
