"""`supabase.inventory`: everything that a Supabase project has, and what becomes of it."""

from __future__ import annotations

from slipway.data.verb import Nothing
from slipway.data.wire import encode
from slipway.environment import ROOT, enter
from slipway.inside import work
from slipway.supabase import report
from slipway.supabase.interface import INVENTORY
from slipway.system import disk


def run(on: str, reporter, write: bool = False) -> None:
    """Prints what does not move as it is, and how much does; with `write` all of it goes into docs/ for the team."""
    env = enter(on)
    found = work(
        env,
        reporter,
        INVENTORY,
        Nothing(),
        "what the project has; nothing is written to it",
        lambda inventory: f"{len(inventory.findings)} things",
    )
    for line in report.lines(found):
        reporter.line(line)
    if write:
        disk.replace(ROOT / report.FILE, report.markdown(found), 0o644)
        reporter.line(f"  wrote {report.FILE}")
    reporter.done(report.summary(found), inventory=encode(found))
