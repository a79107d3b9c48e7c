"""`db.rehearse`: pending migrations on a copy of the live data, with what they lock, rewrite and cost."""

from __future__ import annotations

from slipway.verbs.inside import work
from slipway.world import enter


def run(on: str, reporter) -> None:
    """Copies the data into a throwaway database, runs what is pending up and down there, and reports."""
    world = enter(on)
    found = work(
        world,
        reporter,
        "rehearse",
        {},
        "on a copy; the live database is only read",
        lambda result: f"{len(result['files'])} files in {result['seconds']:.1f} s",
    )
    for file in found["files"]:
        reporter.line(
            f"  {file['file']}  up {file['up_ms']:.0f} ms"
            + (f", down {file['down_ms']:.0f} ms" if file.get("down_ms") is not None else "")
        )
        for sentence in file["effects"]:
            reporter.line(f"      {sentence}")
    reporter.done(found["summary"], **found)
