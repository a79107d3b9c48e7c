"""`db.rollback`: one step down, or as many as were asked for; never everything by default."""

from __future__ import annotations

import getpass

from slipway.data.migrations.interface import ROLLBACK, Rollback
from slipway.data.wire import encode
from slipway.environment import enter
from slipway.inside import again, agree_to_undo, join_files, remark, work
from slipway.release.confirm import Yes


def run(on: str, reporter, steps: int = 1, yes: Yes = False, wait: float | None = None) -> None:
    """Runs the down files of the newest `steps` migrations."""
    env = enter(on)
    agree_to_undo(env, reporter, yes, f"db.rollback{again(steps)}", lambda applied: applied[:steps])
    result = work(
        env,
        reporter,
        ROLLBACK,
        Rollback(getpass.getuser(), steps),
        f"{steps} down",
        lambda found: join_files(found.rolled_back),
        wait,
    )
    remark(reporter, result.rolled_back)
    reporter.done(
        f"{len(result.rolled_back)} undone; the schema is at {result.version or 'nothing'}.", **encode(result)
    )
