"""`db.redo`: the newest migration down and up again, for those who write it."""

from __future__ import annotations

import getpass

from slipway.data.migrations.interface import REDO, Redo
from slipway.data.wire import encode
from slipway.environment import enter
from slipway.inside import again, agree_to_undo, join_files, remark, work
from slipway.release.confirm import Yes


def run(on: str, reporter, steps: int = 1, yes: Yes = False, wait: float | None = None) -> None:
    """Undoes the newest `steps` migrations and applies them again."""
    env = enter(on)
    agree_to_undo(env, reporter, yes, f"db.redo{again(steps)}", lambda applied: applied[:steps])
    result = work(
        env,
        reporter,
        REDO,
        Redo(getpass.getuser(), steps),
        f"{steps} down and up again",
        lambda found: join_files(found.applied),
        wait,
    )
    remark(reporter, result.rolled_back)
    reporter.done(f"{len(result.applied)} redone; the schema is at {result.version or 'nothing'}.", **encode(result))
