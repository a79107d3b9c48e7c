"""`db.rollback`: one step down, or as many as were asked for; never everything by default."""

from __future__ import annotations

import getpass

from slipway.data.migrations.interface import ROLLBACK, Rollback
from slipway.data.wire import encode
from slipway.environment import enter
from slipway.inside import again, careful, join_files, remark, work


def run(on: str, reporter, steps: int = 1, yes: bool = False, wait: float | None = None) -> None:
    """Runs the down files of the newest `steps` migrations."""
    env = enter(on)
    careful(env, yes, "undoes migrations and may delete data", f"db.rollback{again(steps)}")
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
