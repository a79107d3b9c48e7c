"""`db.migrate`: what is pending, in order, each file with its history row or not at all."""

from __future__ import annotations

import getpass

from slipway.environment import enter
from slipway.inside import join_files, work


def run(on: str, reporter, to: int | None = None, dry_run: bool = False, wait: float | None = None) -> None:
    """Applies pending migrations, up to number `to`; with `dry_run` only tries them out and takes all of it back."""
    env = enter(on)
    cause = "tried out and taken back" if dry_run else f"up to {to}" if to is not None else "whatever is pending"
    result = work(
        env,
        reporter,
        "migrate",
        {"to": to, "dry_run": dry_run, "by": getpass.getuser()},
        cause,
        lambda found: join_files(found.get("would", found.get("applied", []))),
        wait,
    )
    files = result.get("would", result.get("applied", []))
    for entry in files:
        took = "" if entry.get("ms") is None else f"{entry['ms']:.0f} ms"
        reporter.line("  ".join(filter(None, ("   ", entry["file"], took, entry.get("note")))))
    words = "would be applied" if dry_run else "applied"
    reporter.done(f"{len(files)} {words}; the schema is at {result.get('version') or 'nothing'}.", **result)
