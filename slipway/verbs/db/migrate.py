"""`db.migrate`: what is pending, in order, each file with its history row or not at all."""

from __future__ import annotations

import getpass

from slipway.data.migrations.interface import MIGRATE, TRY, Migrate, Try
from slipway.data.wire import encode
from slipway.environment import enter
from slipway.inside import join_files, work


def run(on: str, reporter, to: int | None = None, dry_run: bool = False, wait: float | None = None) -> None:
    """Applies pending migrations, up to number `to`; with `dry_run` only tries them out and takes all of it back."""
    env = enter(on)
    if dry_run:
        tried = work(
            env, reporter, TRY, Try(to), "tried out and taken back", lambda found: join_files(found.would), wait
        )
        for file in tried.would:
            tell(reporter, file.file, file.ms, f"not tried: {file.reason}" if file.reason else None)
        untried = sum(bool(file.reason) for file in tried.would)
        words = f"{len(tried.would)} would be applied{f', {untried} of them not tried' if untried else ''}"
        reporter.done(f"{words}; {reach(tried.version)}.", **encode(tried))
        return
    args, cause = Migrate(getpass.getuser(), "", to), f"up to {to}" if to is not None else "whatever is pending"
    done = work(env, reporter, MIGRATE, args, cause, lambda found: join_files(found.applied), wait)
    for each in done.applied:
        tell(reporter, each.file, each.ms, each.note)
    reporter.done(f"{len(done.applied)} applied; {reach(done.version)}.", **encode(done))


def tell(reporter, file: str, ms: float | None, note: str | None = None) -> None:
    took = "" if ms is None else f"{ms:.0f} ms"
    reporter.line("  ".join(filter(None, ("   ", file, took, note))))


def reach(version: int | None) -> str:
    return f"the schema is at {version or 'nothing'}"
