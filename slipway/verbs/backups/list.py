"""`backups.list`: every backup, what it holds, and whether it is proven."""

from __future__ import annotations

from slipway.plan import Silent
from slipway.verbs.backups import said
from slipway.world import enter


def run(on: str, reporter) -> None:
    """Prints one line per backup, newest first; with JSON the whole of it."""
    world = enter(on)
    found = world.engine.inside("backups.list", {}, Silent())
    reporter.header(world.header)
    for backup in found["backups"]:
        reporter.line("  " + said.line(backup))
    for sentence in found["damaged"]:
        reporter.line(f"  ! {sentence}")
    count = len(found["backups"])
    words = f"{count} {'backup' if count == 1 else 'backups'}, {sum(each['proven'] for each in found['backups'])} of them proven." if count else \
        f"No backup yet. ./invoke backup{world.flag} takes one."
    reporter.done(words, **found)
