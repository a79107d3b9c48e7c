"""`supabase.prove`: whether this stack has everything that the project has."""

from __future__ import annotations

import json
from contextlib import nullcontext

from slipway.data.wire import encode
from slipway.environment import ROOT, enter
from slipway.inside import work
from slipway.plan import Silent
from slipway.supabase.interface import PROVE, SAME, Prove, Proven
from slipway.supabase.proving import page
from slipway.supabase.proving.prove import refuse_losses
from slipway.system import disk
from slipway.system.inherited import path_of


def run(on: str, reporter, database: str = "", tree: str = "", write: bool = False) -> None:
    """Says what came of each check; with `write` every difference goes into docs/. One is a VerificationError (exit 8)."""
    env = enter(on)
    with env.engine.deliver_tree(path_of(tree), Silent()) if tree else nullcontext("") as folder:
        proven = work(
            env,
            reporter,
            PROVE,
            Prove(database, folder),
            "the project and the copy side by side; nothing is written to either",
            lambda proven: (
                f"{sum(each.state == SAME for each in proven.checks)} of {len(proven.checks)} checks the same"
            ),
        )
    for line in page.lines(proven):
        reporter.line(line)
    if write:
        write_down(reporter, proven)
    refuse_losses(proven)
    reporter.done(
        f"{proven.database} has everything that the project has, in {proven.seconds:.1f} s.", proof=encode(proven)
    )


def write_down(reporter, proven: Proven) -> None:
    """A page for people and the same for programs."""
    text = json.dumps(encode(proven), ensure_ascii=False, indent=1)
    for file, content in ((page.FILE, page.html(proven)), (page.DATA, text + "\n")):
        disk.replace(ROOT / file, content, 0o644)
        reporter.line(f"  wrote {file}")
