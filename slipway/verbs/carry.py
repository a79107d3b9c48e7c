"""Carrying a plan out under the stack's lock: what a killed deploy left is put right first, what fails is undone."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from slipway import hooks
from slipway.engine import Running, Seen
from slipway.errors import LockLost, SlipwayError
from slipway.perform import unexpected
from slipway.plan import Level, Plan, Silent, Step, apply, guarded
from slipway.process import end_all
from slipway.record import Recorder
from slipway.stack import STORES
from slipway.verbs import release
from slipway.verbs.release import OTHER, Swap
from slipway.world import World

Planner = Callable[[Seen, Recorder], tuple[Plan, Swap | None]]


def locked(world: World, reporter, doing: str, wait: float, recorder: Recorder, planner: Planner) -> None:
    """Takes the lock, looks again, repairs, and carries out what `planner` then asks for. Raises what went wrong, undone."""
    with world.engine.locked(doing, wait, world.flag) as check:
        seen = sighted(world, world.engine.observe(), reporter)
        if repair(world, seen, reporter):
            seen = world.engine.observe()
        todo, change = planner(seen, recorder)
        try:
            apply(guarded(todo, check), recorder, end_all)
        except Exception as raw:
            error = raw if isinstance(raw, SlipwayError) else unexpected(raw)
            if lost(check):
                error.found += "; nothing more was done"
            else:
                fail(world, reporter, recorder, change, error)
            raise error from raw
        finish(world, reporter, recorder)


def lost(check: Callable[[], None]) -> bool:
    """Whether the lock is not ours any more: what is there then is not ours to undo. An engine that is gone says nothing."""
    try:
        check()
    except LockLost:
        return True
    except Exception:
        return False
    return False


def sighted(world: World, seen: Seen, reporter) -> Seen:
    """What is there, with the data side's word on it where two colours are: ops is started first if nobody else can say
    which of them serves, as after a power cut in the middle of a deploy."""
    tier = [name for name in world.engine.services() if name in (*STORES, "ops")]
    down = [name for name in tier if seen.services.get(name, Running("")).state != "running"]
    if seen.data is not None or not seen.beside or not down:
        return seen
    start = Step(f"start {', '.join(down)}", "to be asked which colour serves", partial(world.engine.start, down))
    apply(Plan(((start,),)), reporter, end_all)
    return world.engine.observe()


def finish(world: World, reporter, recorder: Recorder) -> None:
    images = recorder.close("good")
    if images and world.engine.rollout and (dropped := world.engine.rollout.drop(images)):
        reporter.line(f"removed images of old releases: {', '.join(dropped)}")


def fail(world: World, reporter, recorder: Recorder, change: Swap | None, error: SlipwayError) -> None:
    """Back to the release that served before, which goes into the error as well; the first error stays the one told."""
    if change and f"stop app-{change.old}" in recorder.entered:
        # Proven in its place, and the old one on its way out: forward is the only way, and the next deploy goes it.
        error.found += f"; app-{change.new} serves"
        return
    if change and f"start app-{change.new}" in recorder.entered:
        try:
            apply(release.undo(world, change, recorder.switched), reporter, end_all)
            error.found += f"; undone: app-{change.old} serves"
            undone(world, reporter, recorder, error)
        except Exception as worse:
            error.found += f"; and it could not be undone now, which the next deploy does: {told(worse)}"
    elif change:
        error.found += f"; app-{change.old} was not touched and serves"
    try:
        recorder.close(recorder.result_of(error), error)
    except Exception as worse:
        reporter.line(f"the record of {recorder.record.get('id')} could not be written: {told(worse)}")


def told(error: Exception) -> str:
    return str(error if isinstance(error, SlipwayError) else unexpected(error))


def undone(world: World, reporter, recorder: Recorder, error: SlipwayError) -> None:
    """The hook of a release that went back; on-failure comes later, for every way to fail (failure.py)."""
    if recorder.new and recorder.hooked:
        record = recorder.record | {"error": error.fields(), "result": recorder.result_of(error)}
        env, settings = hooks.environment(world.settings), world.settings
        if said := hooks.attempt("on-rollback", record, world.root, env, settings.hook_timeout):
            reporter.line(f"  hook on-rollback: {said}")


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
        reporter.line(f"{cut['id']} is {fate(cut, seen, result)}")
    return True


def fate(cut: dict, seen: Seen, result: str) -> str:
    if result == "good":
        return "finished: it serves"
    # The gateway was switched to it, and nothing answers: as after a power cut.
    return "not proven: what runs is started anew" if cut["colour"] == seen.colour else "undone: the release before it serves"


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
