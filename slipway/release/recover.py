"""What a killed deploy left, under the lock: found, proven and finished, or undone; its record closed by what there is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from slipway.engine import Running, Seen
from slipway.environment import Environment
from slipway.errors import HealthError, SlipwayError
from slipway.ops.interface import CLOSE, Close
from slipway.plan import Level, Plan, Silent, Step, apply, guard_steps
from slipway.release import gates, rollout, smoke_test
from slipway.release.change import OTHER, Swap, cut_short
from slipway.stack import stores
from slipway.system.process import end_all


def look_again(env: Environment, seen: Seen, reporter) -> Seen:
    """What is there, with the data side's word on it where two colours are: ops is started first if nobody else can say
    which of them serves, as after a power cut in the middle of a deploy."""
    tier = [name for name in env.engine.services() if name in (*stores.NAMES, "ops")]
    down = [name for name in tier if seen.services.get(name, Running("")).state != "running"]
    if seen.data is not None or not seen.idle_running or not down:
        return seen
    start = Step(f"start {', '.join(down)}", "to be asked which colour serves", partial(env.engine.start, down))
    apply(Plan(((start,),)), reporter, end_all)
    return env.engine.observe()


def repair(env: Environment, seen: Seen, reporter, check: Callable[[], None]) -> Seen:
    """Finishes or undoes what a killed deploy left, says so, and returns what is there then. The lock must be held."""
    if not seen.data or not cut_short(seen):
        return seen
    newest = seen.data.releases.newest
    cut = newest if newest and newest["result"] == "running" else None
    reporter.line(
        f"found {cut['id']} cut short at {cut['when']} by {cut['by']} on {cut['host']}"
        if cut
        else f"found more than app-{seen.colour}, which a deploy left"
    )
    wrong = disproven(env, seen, reporter, newest, check)
    if wrong:
        reporter.line(f"  undone for this: {wrong}")
    apply(guard_steps(Plan(back(env, seen) if wrong else leftovers(env, seen)), check), reporter, end_all)
    now = env.engine.observe()
    if cut:
        settle(env, now, reporter, cut, wrong)
    return now


def settle(env: Environment, seen: Seen, reporter, cut: Mapping, wrong: SlipwayError | None) -> None:
    """Ends the record of a release that was cut short, by what there is now, and says what became of it."""
    result = outcome(cut, seen)
    facts = {"result": result} | ({"error": wrong.fields()} if wrong else {})
    env.engine.inside(CLOSE, Close(cut["id"], facts), Silent())
    reporter.line(f"{cut['id']} is {fate(cut, seen, result)}")


def disproven(
    env: Environment, seen: Seen, reporter, newest: Mapping | None, check: Callable[[], None]
) -> SlipwayError | None:
    """Why the release that requests go to has to be undone; None where it is proven, or there is no way back from it.

    One that was killed after its switch still has its gates before it. One that failed, and of which the undoing was
    cut short, has not become better since.
    """
    if not newest or newest["result"] == "good" or newest["colour"] != seen.colour or not returnable(env, seen):
        return None
    if newest["result"] != "running":
        return SlipwayError(f"app-{seen.colour}", f"{newest['id']} failed, and it serves still")
    try:
        apply(guard_steps(Plan(proofs(env, seen, newest)), check), reporter, end_all)
    except HealthError as error:
        return error
    return None


def returnable(env: Environment, seen: Seen) -> bool:
    """Whether the other colour could serve: the end of one that is stopped had its reason, and was the last step."""
    return bool(seen.idle_running and not env.engine.rollout.gave_up(OTHER[seen.colour]))


def proofs(env: Environment, seen: Seen, cut: Mapping) -> tuple[Level, ...]:
    """The gates of a release in its place, as its own kind has them; through the front door where that is open."""
    probe = (rollout.probe(env, seen.colour),)
    if not seen.gateway_up:
        return (probe,)
    test = smoke_test.level(env) if cut["kind"] == "deploy" else ()
    watch = rollout.watch(env, seen.colour) if cut["kind"] != "up" else ()
    return (probe, test, watch, (gates.front_door(env),))


def back(env: Environment, seen: Seen) -> tuple[Level, ...]:
    """The undoing of the colour that requests go to."""
    return tuple((step,) for step in rollout.undo(env, Swap(OTHER[seen.colour], seen.colour, "", "")))


def leftovers(env: Environment, seen: Seen) -> tuple[Level, ...]:
    """The gateway to the colour that serves, if it is elsewhere, then the end of the other one."""
    if not (seen.idle_running or seen.routed_to not in ("", seen.colour)):
        return ()
    idle = OTHER[seen.colour]
    point = Step("switch", f"to app-{seen.colour}", partial(rollout.point, env.engine, seen.colour))
    drain = Step(f"drain app-{idle}", "requests in flight", partial(rollout.drain_colour, env, idle))
    return (
        (point,) if seen.routed_to != seen.colour else (),
        (drain,) if seen.idle_running and seen.gateway_up else (),
        (rollout.stop(env, idle, "left over"),) if seen.idle_running else (),
    )


def outcome(cut: Mapping, seen: Seen) -> str:
    """What a killed release came to, after what had to be undone was: good if it is what runs, requests go to it, and they
    are answered."""
    runs = seen.services.get("app", Running("")).config == cut["config"]
    return "good" if seen.answering and runs and cut["colour"] in ("", seen.colour) else "interrupted"


def fate(cut: Mapping, seen: Seen, result: str) -> str:
    """The same in words."""
    if result == "good":
        return "finished: it serves"
    if cut["colour"] not in ("", seen.colour):
        return "undone: the release before it serves"
    if seen.services.get("app", Running("")).config != cut["config"]:
        return "not begun: the release before it runs"
    # Requests go to it, and nothing answers: as after a power cut.
    return "not proven: what runs is started anew"
