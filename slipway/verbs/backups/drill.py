"""`backups.drill`: a backup restored on trial, far from the live database, and the evidence kept beside it."""

from __future__ import annotations

from slipway.data.restore.interface import DRILL, Drill, Drilled
from slipway.data.wire import encode
from slipway.environment import enter
from slipway.recovery.backups import work


def run(on: str, reporter, backup: str | None = None) -> None:
    """Drills one backup, by default the newest. Raises VerificationError when it does not hold."""
    env = enter(on)
    reporter.header(env.header)
    found = work(
        env,
        reporter,
        "drill",
        DRILL,
        Drill(backup or None),
        f"restores {backup or 'the newest backup'} on trial",
        remark,
    )
    width = max(len(each.name) for each in found.checks)
    for each in found.checks:
        reporter.line(f"  {each.name:{width}}  {each.found}")
    reporter.done(
        f"{found.id} is proven: restored in {found.seconds:.1f} s, and as its manifest says.", **encode(found)
    )


def remark(found: Drilled) -> str:
    return f"{found.id} on PostgreSQL {found.server}" if found.server else found.id
