"""`db.goto`: up or down to one number."""

from __future__ import annotations

import getpass

from slipway.data.migrations.interface import GOTO, Goto
from slipway.data.wire import encode
from slipway.environment import enter
from slipway.inside import careful, join_files, remark, work


def run(on: str, reporter, version: int, yes: bool = False, wait: float | None = None) -> None:
    """Applies or undoes migrations until the schema is at `version`."""
    env = enter(on)
    careful(env, yes, "may undo migrations and delete data", f"db.goto {version}")
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
