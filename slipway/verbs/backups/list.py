"""`backups.list`: every backup, what it holds, and whether it is proven."""

from __future__ import annotations

from slipway.data.backups.interface import LIST, Elsewhere, Here
from slipway.data.verb import Nothing
from slipway.data.wire import encode
from slipway.environment import enter
from slipway.plan import Silent
from slipway.recovery import backups
from slipway.units import size


def run(on: str, reporter) -> None:
    """Prints one line per backup, newest first; with JSON the whole of it."""
    env = enter(on)
    found = env.engine.inside(LIST, Nothing(), Silent())
    reporter.header(env.header)
    for backup in found.backups:
        reporter.line("  " + line(backup, found.offsite.set))
    for sentence in found.damaged:
        reporter.line(f"  ! {sentence}")
    if found.offsite.problem:
        reporter.line(f"  ! the off-site copies cannot be listed: {found.offsite.problem}")
    count = len(found.backups)
    words = (
        f"{count} {'backup' if count == 1 else 'backups'}, {sum(each.proven for each in found.backups)} of them proven."
        if count
        else f"No backup yet. ./invoke backup{env.flag} takes one."
    )
    reporter.done(words, **encode(found))


def line(backup: Here | Elsewhere, copied: bool) -> str:
    """One line; where copies are made, it says where the backup is."""
    if isinstance(backup, Elsewhere):
        held = ("encrypted; " if backup.sealed else "") + f"./invoke backups.fetch {backup.id}"
        return f"{backup.where:<8}  {backup.id:<18} {'copy':<8} {size(backup.bytes):>10}  {held}"
    return f"{backup.where:<8}  {backups.line(backup)}" if copied else backups.line(backup)
