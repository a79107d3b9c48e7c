"""`db.goto`: up or down to one number."""

from __future__ import annotations

import getpass

from slipway.data.migrations.interface import GOTO, Goto
from slipway.data.wire import encode
from slipway.environment import enter
from slipway.inside import agree_to_undo, join_files, remark, work
from slipway.release.confirm import Yes


def run(on: str, reporter, version: int, yes: Yes = False, wait: float | None = None) -> None:
    """Applies or undoes migrations until the schema is at `version`."""
    env = enter(on)
    agree_to_undo(
        env, reporter, yes, f"db.goto {version}", lambda applied: [row for row in applied if row.version > version]
    )
    result = work(
        env,
        reporter,
        GOTO,
        Goto(getpass.getuser(), version),
        f"to {version}",
        lambda found: join_files(found.applied or found.rolled_back),
        wait,
    )
    remark(reporter, result.rolled_back)
    reporter.done(
        f"{len(result.applied)} applied, {len(result.rolled_back)} undone; the schema is at "
        f"{result.version or 'nothing'}.",
        **encode(result),
    )
