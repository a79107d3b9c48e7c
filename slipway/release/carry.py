"""Carrying a plan out under the stack's lock: what a killed deploy left is put right first, what fails is undone."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from slipway.engine import Running, Seen
from slipway.environment import World
from slipway.errors import HealthError, LockLost, SlipwayError
from slipway.main import unexpected
from slipway.plan import Level, Plan, Silent, Step, apply, guarded
from slipway.release import gates, hooks
from slipway.release import rollout as rollouts
from slipway.release.record import Recorder
from slipway.release.rollout import OTHER, Swap
from slipway.stack.model import STORES
from slipway.system.process import end_all
from slipway.verbs import smoke

Planner = Callable[[Seen, Recorder], tuple[Plan, Swap | None]]


def locked(world: World, reporter, doing: str, wait: float, recorder: Recorder, planner: Planner) -> None:
    """Takes the lock, looks again, repairs, and carries out what `planner` then asks for. Raises what went wrong, undone."""
    with world.engine.locked(doing, wait, world.flag) as check:
        seen = sighted(world, world.engine.observe(), reporter)
        seen = repair(world, seen, reporter, check)
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
            apply(rollouts.undo(world, change, recorder.switched), reporter, end_all)
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


def repair(world: World, seen: Seen, reporter, check: Callable[[], None]) -> Seen:
    """Finishes or undoes what a killed deploy left, says so, and returns what is there then. The lock must be held."""
    rollout, data = world.engine.rollout, seen.data
    newest = data["releases"]["newest"] if data else None
    cut = newest if newest and newest["result"] == "running" else None
    if not data or not (cut or (rollout and (seen.beside or seen.pointed not in ("", seen.colour)))):
        return seen
    reporter.line(
        f"found {cut['id']} cut short at {cut['when']} by {cut['by']} on {cut['host']}"
        if cut
        else f"found more than app-{seen.colour}, which a deploy left"
    )
    wrong = disproven(world, seen, reporter, newest, check)
    if wrong:
        reporter.line(f"  undone for this: {wrong}")
    steps = way_back(world, seen) if wrong else Plan(leftovers(world, seen) if rollout else ())
    apply(guarded(steps, check), reporter, end_all)
    now = world.engine.observe()
    if cut:
        settle(world, now, reporter, cut, wrong)
    return now


def settle(world: World, seen: Seen, reporter, cut: dict, wrong: SlipwayError | None) -> None:
    """Ends the record of a release that was cut short, by what there is now, and says what became of it."""
    result = outcome(cut, seen)
    facts = {"result": result} | ({"error": wrong.fields()} if wrong else {})
    world.engine.inside("releases.close", {"id": cut["id"], "facts": facts}, Silent())
    reporter.line(f"{cut['id']} is {fate(cut, seen, result)}")


def disproven(
    world: World, seen: Seen, reporter, newest: dict | None, check: Callable[[], None]
) -> SlipwayError | None:
    """Why the release that requests go to has to be undone; None where it is proven, or there is no way back from it.

    One that was killed after its switch still has its gates before it. One that failed, and of which the undoing was
    cut short, has not become better since.
    """
    if not newest or newest["result"] == "good" or newest["colour"] != seen.colour or not returnable(world, seen):
        return None
    if newest["result"] != "running":
        return SlipwayError(f"app-{seen.colour}", f"{newest['id']} failed, and it serves still")
    try:
        apply(guarded(Plan(proofs(world, seen, newest)), check), reporter, end_all)
    except HealthError as error:
        return error
    return None


def returnable(world: World, seen: Seen) -> bool:
    """Whether the other colour could serve: the end of one that is stopped had its reason, and was the last step."""
    return bool(world.engine.rollout and seen.beside and not world.engine.rollout.gave_up(OTHER[seen.colour]))


def proofs(world: World, seen: Seen, cut: dict) -> tuple[Level, ...]:
    """The gates of a release in its place, as its own kind has them; through the front door where that is open."""
    colour = seen.colour
    probe = Step(f"probe app-{colour}", "not proven yet", partial(rollouts.probe, world, colour))
    if not seen.up:
        return ((probe,),)
    test = smoke.step(world) if cut["kind"] == "deploy" else None
    watch = rollouts.watch(world, colour) if cut["kind"] != "up" else ()
    return ((probe,), (test,) if test else (), watch, (gates.front_door(world.engine, world),))


def way_back(world: World, seen: Seen) -> Plan:
    """The undoing of the colour that requests go to."""
    return rollouts.undo(world, Swap(OTHER[seen.colour], seen.colour, "", ""), switched=True)


def fate(cut: dict, seen: Seen, result: str) -> str:
    if result == "good":
        return "finished: it serves"
    if cut["colour"] not in ("", seen.colour):
        return "undone: the release before it serves"
    if seen.services.get("app", Running("")).config != cut["config"]:
        return "not begun: the release before it runs"
    # Requests go to it, and nothing answers: as after a power cut.
    return "not proven: what runs is started anew"


def outcome(cut: dict, seen: Seen) -> str:
    """What a killed release came to, after what had to be undone was: good if it is what runs, requests go to it, and they
    are answered."""
    runs = seen.services.get("app", Running("")).config == cut["config"]
    return "good" if seen.answering and runs and cut["colour"] in ("", seen.colour) else "interrupted"


def leftovers(world: World, seen: Seen) -> tuple[Level, ...]:
    """The gateway to the colour that serves, if it is elsewhere, then the end of the other one."""
    idle = OTHER[seen.colour]
    point = Step("switch", f"to app-{seen.colour}", partial(rollouts.point, world.engine, seen.colour))
    drain = Step(
        f"drain app-{idle}", "requests in flight", partial(rollouts.drain, world, Swap(idle, seen.colour, "", ""))
    )
    stop = Step(f"stop app-{idle}", "left over", partial(world.engine.rollout.retire, idle))
    return (
        (point,) if seen.pointed != seen.colour else (),
        (drain,) if seen.beside and seen.up else (),
        (stop,) if seen.beside else (),
    )
