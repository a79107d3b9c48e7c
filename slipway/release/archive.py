"""The archive in a plan: its gate, and the first backup of a history; nothing where PITR is off."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from slipway.data.verb import Nothing
from slipway.engine import Engine, Seen
from slipway.environment import Environment
from slipway.ops.interface import MAINTENANCE_OFF
from slipway.plan import Level, Progress, Step
from slipway.release.change import Change
from slipway.units import size

if TYPE_CHECKING:
    from slipway.data.pitr.interface import Backup, CutShort

TOUCHING = frozenset({"postgres", "objects", "pitr"})


def levels(env: Environment, seen: Seen, change: Change) -> tuple[Level, ...]:
    """The gate where something that it rests on has changed or is not as it should be, then a backup if there is none."""
    if not env.settings.pitr:
        return ()
    from slipway.data.pitr.interface import Backup

    wrong = seen.data.archive.get("problems", ()) if seen.data else ()
    if not wrong and not TOUCHING & {*change.doubtful, *change.data_tier}:
        return ()
    cause = "; ".join(wrong) or ("started in this run" if seen.answering else seen.last_answer or "not proven yet")
    return (
        (Step("gate archive", cause, partial(gate, env.engine)),),
        (
            Step(
                "physical backup",
                "if there is none that leads to now",
                partial(backup, env.engine, Backup(missing=True)),
            ),
        ),
    )


def gate(engine: Engine, progress: Progress) -> str:
    """A segment of this moment reaches every repository; a restore that was cut short is ended."""
    from slipway.data.pitr.interface import ESTABLISH, Establish

    found = engine.inside(ESTABLISH, Establish(), progress)
    return "; ".join(filter(None, (f"{found.wal} archived in {found.seconds} s", end_restore(engine, found.settled))))


def end_restore(engine: Engine, cut: CutShort | None) -> str:
    """Ends a restore that was cut short and says what became of it; a door that it had closed is opened again."""
    from slipway.plan import Silent

    if cut is None:
        return ""
    if cut.maintenance:
        engine.inside(MAINTENANCE_OFF, Nothing(), Silent())
    which = "the restored cluster serves" if cut.restored else "the cluster of before serves, nothing was changed"
    return f"a restore to {cut.target} had been cut short: {which}"


def backup(engine: Engine, args: Backup, progress: Progress) -> str:
    from slipway.data.pitr.interface import BACKUP

    done = engine.inside(BACKUP, args, progress)
    text = f"{done.kind} {done.label}"
    return f"{text}: {size(done.stored)} stored of {size(done.size)}" if done.taken else f"{text} is there"
