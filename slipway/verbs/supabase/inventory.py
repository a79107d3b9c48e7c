"""`supabase.inventory`: everything that a Supabase project has, and what becomes of it."""

from __future__ import annotations

from contextlib import nullcontext

from slipway.data.wire import encode
from slipway.environment import ROOT, enter
from slipway.inside import work
from slipway.plan import Silent
from slipway.supabase import report
from slipway.supabase.interface import INVENTORY, Look
from slipway.system import disk
from slipway.system.inherited import path_of


def run(on: str, reporter, from_dir: str = "", write: bool = False) -> None:
    """Prints what does not move as it is, and how much does; with `write` all of it goes into docs/ for the team."""
    env = enter(on)
    with env.engine.deliver_tree(path_of(from_dir), Silent()) if from_dir else nullcontext("") as dumps:
        found = work(
            env,
            reporter,
            INVENTORY,
            Look(dumps),
            "what the project has; nothing is written to it",
            lambda inventory: f"{len(inventory.findings)} things",
        )
    for line in report.lines(found):
        reporter.line(line)
    if write:
        disk.replace(ROOT / report.FILE, report.markdown(found), 0o644)
        reporter.line(f"  wrote {report.FILE}")
    reporter.done(report.summary(found), inventory=encode(found))
