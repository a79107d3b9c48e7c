"""`restore --at`: the whole cluster as it was at a moment, made beside the live one, proven, and exchanged with it."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from slipway.data.pitr.interface import ASK, DONE, SETTLE, SWITCH, Ask, End, Moment, Switch
from slipway.data.verb import Nothing
from slipway.environment import Environment, enter
from slipway.errors import SlipwayError
from slipway.plan import Plan, Progress, Silent, Step, apply, guard_steps
from slipway.recovery import pitr, steps
from slipway.release import archive, confirm, gates
from slipway.release.confirm import Yes
from slipway.system.process import end_all

LATEST = "latest"


def run(
    on: str,
    reporter,
    at: str = "",
    yes: Yes = False,
    drop_old: bool = False,
    timeline: int | None = None,
    wait: float = 0,
) -> None:
    """Restores to `at`. Without it, `drop_old` removes the clusters that earlier restores have kept."""
    env = enter(on)
    pitr.refuse_without(env)
    reporter.header(env.header)
    if not at and drop_old:
        confirm.outside_local(env, yes, "pitr.restore --drop-old", "this deletes the clusters that restores have kept")
        reporter.done(steps.describe_dropped(env.engine.inside(DONE, End(drop=True), Silent())))
        return
    asked = env.engine.inside(ASK, Ask(at, timeline), Silent())
    ask(env, yes, asked, drop_old)
    work = steps.Restore(env, asked, drop_old)
    with env.engine.hold_lock("restore", wait, env.flag) as check:
        leftovers(work, reporter)
        carry_out(work, reporter, check)
    reporter.done(describe_result(work), at=work.text, **work.found)


def drill(on: str, reporter, at: str = LATEST, wait: float = 0) -> None:
    """The same without the exchange: the proof that a moment can be restored, and how long that takes."""
    env, begun = enter(on), time.monotonic()
    pitr.refuse_without(env)
    reporter.header(env.header)
    asked = env.engine.inside(ASK, Ask(at), Silent())
    work = steps.Restore(env, asked)
    with env.engine.hold_lock("pitr.drill", wait, env.flag):
        leftovers(work, reporter)
        try:
            apply(Plan(steps.make_levels(work)), reporter, end_all)
        finally:
            env.engine.inside(SETTLE, Nothing(), Silent())
    seconds = time.monotonic() - begun
    reporter.done(
        f"Proven in {seconds:.1f} s: {work.text} can be restored. Nothing was changed.",
        at=work.text,
        seconds=round(seconds, 1),
        **work.found,
    )


def leftovers(work: steps.Restore, reporter) -> None:
    """What a restore that was cut short left is put right first."""
    if cut := work.inside(SETTLE, Nothing(), Silent()).cut:
        reporter.line(archive.end_restore(work.env.engine, cut))


def ask(env: Environment, yes: Yes, asked: Moment, drop_old: bool) -> None:
    """Goes on when the stack's name was said. Raises SettingsError without a terminal, or for another name."""
    command = f"restore --at '{asked.text}'{' --drop-old' if drop_old else ''}"
    lost = (
        "nothing but what is not archived"
        if asked.target is None
        else f"every change of the {age(asked.now - asked.target)} since then"
    )
    question = (
        f"{env.stack.name} goes back to {asked.text}, from backup {asked.backup}.\n"
        f"The database loses {lost}; the cluster of now is kept beside it.\n"
    )
    because = "the whole database goes back to that moment"
    confirm.by_name(env, yes, command, because, question)


def age(seconds: float) -> str:
    minutes = int(seconds // 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min {seconds % 60:.0f} s"


def carry_out(work: steps.Restore, reporter, check: Callable[[], None]) -> None:
    """Before the exchange a failure changes nothing; a cluster that does not serve after it is exchanged back."""
    try:
        apply(guard_steps(Plan(steps.make_levels(work)), check), reporter, end_all)
        apply(guard_steps(Plan(steps.switch_levels(work)), check), reporter, end_all)
        apply(Plan(steps.prove_levels(work)), reporter, end_all)
    except SlipwayError as error:
        undone(work, reporter, error)
        raise
    try:
        apply(Plan(steps.end_levels(work)), reporter, end_all)
    except SlipwayError as error:
        error.found += f"; the restored cluster is in place; ./invoke up{work.env.flag} does the rest"
        raise


def undone(work: steps.Restore, reporter, error: SlipwayError) -> None:
    """Lets the cluster of before serve again, as a plan of its own; what cannot be undone goes into the error."""
    engine = work.env.engine
    undo: list[Step] = []
    if work.switched:
        undo += [
            Step("stop postgres", "it does not serve", partial(steps.halt, work)),
            Step("switch back", "the cluster of before", partial(back, work)),
        ]
    if work.halted:
        undo += [
            Step("start postgres", "the cluster of before", partial(engine.start, ["postgres"])),
            gates.gate(engine, "postgres", "the cluster of before"),
        ]
    undo += [Step("tidy", "what the restore began", partial(tidy, work))]
    if work.closed:
        undo += [Step("maintenance off", "the cluster of before serves", partial(steps.open_door, work))]
    try:
        apply(Plan(tuple((step,) for step in undo)), reporter, end_all)
        error.found += "; undone: the cluster of before serves" if work.halted else "; the live cluster was not touched"
    except SlipwayError as worse:
        error.found += f"; and it could not be undone: {worse}"


def back(work: steps.Restore, progress: Progress) -> None:
    work.inside(SWITCH, Switch(work.id, back=True), progress)


def tidy(work: steps.Restore, progress: Progress) -> None:
    work.inside(SETTLE, Nothing(), progress)


def describe_result(work: steps.Restore) -> str:
    env, found = work.env, work.found
    schema = (
        f"The schema is at {found['version']}; ./invoke up{env.flag} applies what is newer.\n"
        if found["version"]
        else ""
    )
    kept = (
        ""
        if work.drop
        else f"./invoke pitr.restore --drop-old{env.flag} removes the cluster of before, {found['kept']}.\n"
    )
    return f"{env.stack.name} is as it was at {work.text}.\n{schema}{kept}{env.engine.url()}"
