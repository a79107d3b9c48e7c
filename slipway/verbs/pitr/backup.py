"""`pitr.backup`: a physical backup now; the keeper takes them by the clock."""

from __future__ import annotations

from functools import partial

from slipway.data.pitr.interface import Backup
from slipway.environment import enter
from slipway.plan import Plan, Step, apply
from slipway.recovery import pitr
from slipway.release import archive
from slipway.system.process import end_all


def run(on: str, reporter, full: bool = False) -> None:
    """Takes a full backup, or one of what changed since the last full one."""
    env = enter(on)
    pitr.refuse_without(env)
    reporter.header(env.header)
    args = Backup("full" if full else None)
    step = Step("physical backup", "full" if full else "what changed", partial(archive.backup, env.engine, args))
    apply(Plan(((step,),)), reporter, end_all)
    reporter.done(f"./invoke pitr.status{env.flag} shows what can be restored.")
