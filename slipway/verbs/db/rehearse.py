"""`db.rehearse`: pending migrations on a copy of the live data, with what they lock, rewrite and cost."""

from __future__ import annotations

from slipway.data.rehearsal.interface import REHEARSE, Rehearse
from slipway.data.wire import encode
from slipway.environment import enter
from slipway.inside import work
from slipway.release.rehearsal import refuse_one_way, remark


def run(on: str, reporter, source: str = "live") -> None:
    """Copies the data into a throwaway database, runs what is pending up and down there, and reports.

    `source` is live, or backup: the newest proven one, with no load on the live database. Raises MigrationError for a file that fails there, and for a down that does not bring the schema back.
    """
    env = enter(on)
    cause = "on a copy; the live database is only read" if source == "live" else "on the newest proven backup"
    found = work(env, reporter, REHEARSE, Rehearse(source), cause, remark)
    for file in found.files:
        reporter.line(
            f"  {file.file}  up {file.up_ms:.0f} ms"
            + (f", down {file.down_ms:.0f} ms" if file.down_ms is not None else "")
        )
        for sentence in file.effects:
            reporter.line(f"      {sentence}")
    refuse_one_way(found)
    reporter.done(found.summary, **encode(found))
