"""`db.adopt`: take over a database that another tool has migrated."""

from __future__ import annotations

import getpass

from slipway.data.migrations.interface import ADOPT, Adopt
from slipway.data.wire import encode
from slipway.environment import enter
from slipway.inside import work


def run(on: str, reporter, version: int | None = None, wait: float | None = None) -> None:
    """Records every file up to `version` as baseline; without one, up to where golang-migrate's row says."""
    env = enter(on)
    result = work(
        env,
        reporter,
        ADOPT,
        Adopt(getpass.getuser(), version),
        f"up to {version}" if version is not None else "as its schema_migrations says",
        lambda found: f"{len(found.adopted)} files as baseline",
        wait,
    )
    reporter.done(
        f"{len(result.adopted)} migrations are recorded as baseline; the schema is at {result.version}.",
        **encode(result),
    )
