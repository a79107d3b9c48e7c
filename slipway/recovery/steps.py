"""The steps of a restore to a moment, in four plans: made beside the live cluster, put in its place, proven, ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

from slipway.data.pitr.interface import (
    CLOSED,
    DONE,
    ESTABLISH,
    FLUSH,
    RESTORE,
    SWITCH,
    VERIFY,
    Backup,
    Dropped,
    End,
    Establish,
    Make,
    Moment,
    Switch,
)
from slipway.data.pitr.interface import Restore as TheRestore
from slipway.data.verb import A, Nothing, R, Verb
from slipway.data.wire import encode
from slipway.environment import Environment
from slipway.ops.interface import MAINTENANCE, MAINTENANCE_OFF, MAINTENANCE_ON, Message
from slipway.plan import Level, Progress, Step
from slipway.release import archive, gates, provision


@dataclass
class Restore:
    """One restore on its way: where to, and what was done of it."""

    env: Environment
    asked: Moment  # the moment, its backup and its history, as the data side has understood them
    drop: bool = False
    id: str = field(default_factory=lambda: datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ"))
    halted: bool = False
    switched: bool = False
    closed: bool = False
    found: dict = field(default_factory=dict)

    @property
    def text(self) -> str:
        return self.asked.text

    def inside(self, verb: Verb[A, R], args: A, progress: Progress) -> R:
        return self.env.engine.inside(verb, args, progress)


def make_levels(work: Restore) -> tuple[Level, ...]:
    """The steps that make the cluster of that moment, beside the live one, which goes on serving."""
    return (
        (Step("archive", "what the server has not sent yet", partial(flush, work)),),
        (Step("restore", f"to {work.text}, into a directory of its own", partial(make, work)),),
        (Step("verify", "every index, every row, every checksum", partial(verify, work)),),
    )


def switch_levels(work: Restore) -> tuple[Level, ...]:
    """The steps that put the restored cluster in the place of the live one."""
    engine = work.env.engine
    return (
        (Step("maintenance on", "nobody writes what would be lost", partial(close, work)),),
        (Step("stop postgres", "its directory changes places", partial(halt, work)),),
        (Step("switch", "the restored cluster takes the place of the live one", partial(switch, work)),),
        (Step("start postgres", "the restored cluster", partial(engine.start, ["postgres"])),),
    )


def prove_levels(work: Restore) -> tuple[Level, ...]:
    """The steps that prove what was restored before anybody is let in."""
    engine = work.env.engine
    return (
        (gates.gate(engine, "postgres", "the restored cluster"),),
        (Step("roles", "passwords may be older ones", partial(provision.roles, engine)),),
    )


def end_levels(work: Restore) -> tuple[Level, ...]:
    """The steps that open the door; the archive goes on with the new history, which needs a backup of its own at once."""
    engine = work.env.engine
    return (
        (Step("maintenance off", "the restored cluster serves", partial(open_door, work)),),
        (Step("gate archive", "a new history begins", partial(prove, work)),),
        (
            Step(
                "physical backup",
                "the older ones end where this history begins",
                partial(archive.backup, engine, Backup("full")),
            ),
        ),
        (Step("record", "the restore is done", partial(end, work)),),
    )


def flush(work: Restore, progress: Progress) -> str:
    done = work.inside(FLUSH, Nothing(), progress)
    return f"up to {done.wal}" if done.flushed else f"not sent: {done.reason}"


def make(work: Restore, progress: Progress) -> str:
    asked = work.asked
    args = Make(work.id, asked.target, asked.text, asked.backup, asked.timeline)
    return f"from backup {work.inside(RESTORE, args, progress).backup}"


def verify(work: Restore, progress: Progress) -> str:
    done = work.inside(VERIFY, TheRestore(work.id), progress)
    work.found |= {"reached": done.reached, "databases": encode(done.databases), "version": done.version}
    rows = sum(each.rows for each in done.databases.values())
    tables = sum(each.tables for each in done.databases.values())
    return f"{rows} rows of {tables} tables; last change {done.reached or 'before the backup'}"


def close(work: Restore, progress: Progress) -> str:
    if work.inside(MAINTENANCE, Nothing(), progress).on:
        return "it was on already"
    work.inside(CLOSED, Nothing(), progress)
    work.closed = True
    work.inside(MAINTENANCE_ON, Message("The database is being restored."), progress)
    return "503 for everybody"


def halt(work: Restore, progress: Progress) -> str:
    work.halted = True
    return work.env.engine.halt("postgres", progress)


def switch(work: Restore, progress: Progress) -> str:
    done = work.inside(SWITCH, Switch(work.id), progress)
    work.switched = True
    work.found["kept"] = done.kept
    return f"the one of before is {done.kept}"


def prove(work: Restore, progress: Progress) -> str:
    done = work.inside(ESTABLISH, Establish(restoring=True), progress)
    return f"{done.wal} archived in {done.seconds} s"


def open_door(work: Restore, progress: Progress) -> str:
    if not work.closed:
        return "left as it was before"
    work.inside(MAINTENANCE_OFF, Nothing(), progress)
    return "the app answers again"


def end(work: Restore, progress: Progress) -> str:
    done = work.inside(DONE, End(work.drop), progress)
    work.found["dropped"] = list(done.dropped)
    return describe_dropped(done) if work.drop else "the cluster of before is kept until --drop-old"


def describe_dropped(done: Dropped) -> str:
    return f"removed {', '.join(done.dropped)}" if done.dropped else "no cluster of before a restore was kept"
