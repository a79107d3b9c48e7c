"""`db.fixtures`: seed data, each file once."""

from __future__ import annotations

from slipway.data.fixtures.interface import FIXTURES, Load
from slipway.data.wire import encode
from slipway.environment import enter
from slipway.errors import SettingsError
from slipway.inside import join_files, work


def run(on: str, reporter, only: str | None = None, yes: bool = False, wait: float | None = None) -> None:
    """Loads the fixtures that the database has not had, or the one that is named."""
    env = enter(on)
    command = f"db.fixtures --only {only}" if only else "db.fixtures"
    if not (yes or env.settings.local):
        again = f"./invoke {command} --yes{env.flag}"
        raise SettingsError(command, f"environment {env.settings.environment}", "--yes: this adds seed data", again)
    result = work(
        env,
        reporter,
        FIXTURES,
        Load(only or None),
        only or "whatever is pending",
        lambda found: join_files(found.loaded),
        wait,
    )
    rows = sum(entry.rows for entry in result.loaded)
    reporter.done(f"{len(result.loaded)} loaded, {rows:,} rows; {result.kept} were there.", **encode(result))
