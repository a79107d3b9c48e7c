"""Carrying a plan out under the stack's lock: what a killed deploy left is put right first, what fails is undone."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from slipway.engine import Seen
from slipway.errors import SlipwayError
from slipway.plan import Level, Plan, Silent, Step, apply
from slipway.process import end_all
from slipway.record import Recorder
from slipway.verbs import release
from slipway.verbs.release import OTHER, Swap
from slipway.world import World

Planner = Callable[[Seen, Recorder], tuple[Plan, Swap | None]]


def locked(world: World, reporter, doing: str, wait: float, recorder: Recorder, planner: Planner) -> Recorder:
    """Takes the lock, looks again, repairs, and carries out what `planner` then asks for. Raises what went wrong, undone."""
    with world.engine.locked(doing, wait, world.flag):
        seen = world.engine.observe()
        if repair(world, seen, reporter):
            seen = world.engine.observe()
        todo, change = planner(seen, recorder)
        try:
            apply(todo, recorder, end_all)
        except SlipwayError as error:
            fail(world, reporter, recorder, change, error)
            raise
        finish(world, reporter, recorder)
    return recorder


def finish(world: World, reporter, recorder: Recorder) -> None:
    images = recorder.close("good")
    if images and world.engine.rollout and (dropped := world.engine.rollout.drop(images)):
        reporter.line(f"removed images of old releases: {', '.join(dropped)}")


def fail(world: World, reporter, recorder: Recorder, change: Swap | None, error: SlipwayError) -> None:
    """Back to the release that served before, which goes into the error as well; the first error stays the one told."""
    hooks(world, reporter, "on-failure", recorder, error)
    if change and f"stop app-{change.old}" in recorder.entered:
        # Proven in its place, and the old one on its way out: forward is the only way, and the next deploy goes it.
        error.found += f"; app-{change.new} serves"
        return
    if change and f"start app-{change.new}" in recorder.entered:
        try:
            apply(release.undo(world, change, recorder.switched), reporter, end_all)
            error.found += f"; undone: app-{change.old} serves"
            hooks(world, reporter, "on-rollback", recorder, error)
        except SlipwayError as worse:
            error.found += f"; and it could not be undone: {worse}"
    elif change:
        error.found += f"; app-{change.old} was not touched and serves"
    try:
        recorder.close(recorder.result_of(error), error)
    except SlipwayError as worse:
        reporter.line(f"the record of {recorder.record.get('id')} could not be written: {worse}")


def hooks(world: World, reporter, name: str, recorder: Recorder, error: SlipwayError) -> None:
    from slipway import hooks as own

    if recorder.new and recorder.hooked:
        record = recorder.record | {"error": error.fields(), "result": recorder.result_of(error)}
        said = own.attempt(name, record, world.root, own.environment(world.settings), world.settings.hook_timeout)
        if said:
            reporter.line(f"  hook {name}: {said}")


def repair(world: World, seen: Seen, reporter) -> bool:
    """Finishes or undoes what a killed deploy left, and says so; whether there was anything. The lock must be held."""
    rollout, data = world.engine.rollout, seen.data
    newest = data["releases"]["newest"] if data else None
    cut = newest if newest and newest["result"] == "running" else None
    if not data or not (cut or (rollout and (seen.beside or seen.pointed not in ("", seen.colour)))):
        return False
    reporter.line(
        f"found {cut['id']} cut short at {cut['when']} by {cut['by']} on {cut['host']}"
        if cut
        else f"found more than app-{seen.colour}, which a deploy left"
    )
    result = cut and outcome(cut, seen)
    steps = leftovers(world, seen) if rollout else ()
    apply(Plan(steps), reporter, end_all)
    if cut:
        world.engine.inside("releases.close", {"id": cut["id"], "facts": {"result": result}}, Silent())
        reporter.line(
            f"{cut['id']} is {'finished: it serves' if result == 'good' else 'undone: the release before it serves'}"
        )
    return True


def outcome(cut: dict, seen: Seen) -> str:
    """A release to which the gateway was switched had passed its probe: it is finished. Any other is undone."""
    return "good" if seen.answering and (cut["colour"] in ("", seen.colour)) else "interrupted"


def leftovers(world: World, seen: Seen) -> tuple[Level, ...]:
    """The gateway to the colour that serves, if it is elsewhere, then the end of the other one."""
    idle = OTHER[seen.colour]
    point = Step("switch", f"to app-{seen.colour}", partial(release.point, world.engine, seen.colour))
    drain = Step(
        f"drain app-{idle}", "requests in flight", partial(release.drain, world, Swap(idle, seen.colour, "", ""))
    )
    stop = Step(f"stop app-{idle}", "left over", partial(world.engine.rollout.retire, idle))
    return (
        (point,) if seen.pointed != seen.colour else (),
        (drain,) if seen.beside and seen.up else (),
        (stop,) if seen.beside else (),
    )
