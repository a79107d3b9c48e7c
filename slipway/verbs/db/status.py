"""`db.status`: every migration, whether the database has had it, and what does not fit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from slipway.data.migrations.interface import STATUS, Row
from slipway.data.verb import Nothing
from slipway.data.wire import encode
from slipway.environment import enter
from slipway.errors import MigrationError
from slipway.plan import Silent


def run(on: str, reporter, strict: bool = False) -> None:
    """Prints one line per migration. With `strict` anything pending or wrong is a MigrationError (exit 5)."""
    env = enter(on)
    found = env.engine.inside(STATUS, Nothing(), Silent())
    reporter.header(env.header)
    for row in found.rows:
        words = "; ".join(filter(None, (describe_applied(row), row.note)))
        reporter.line(f"  {row.state:<13} {row.file or row.name:<44} {words}".rstrip())
    for problem in found.problems:
        reporter.line(f"  ! {problem}")
    counts = count_states(found.rows)
    reporter.done(
        ", ".join(f"{number} {state}" for state, number in counts.items())
        + f"; the schema is at {found.version or 'nothing'}.",
        **encode(found),
    )
    still = [f"{number} {state}" for state, number in counts.items() if number and state not in ("applied", "baseline")]
    if strict and (still or found.problems):
        raise MigrationError(
            "migrations",
            ", ".join([*still, f"{len(found.problems)} problems"]),
            "a database that has had every file",
            f"./invoke db.migrate{env.flag}",
        )


def count_states(rows: Iterable[Row]) -> dict[str, int]:
    """How many migrations are in each state: always those applied and pending, others where there are any."""
    seen = Counter(row.state for row in rows)
    order = ("applied", "baseline", "pending", *sorted(seen.keys() - {"applied", "baseline", "pending"}))
    return {state: seen[state] for state in order if seen[state] or state in ("applied", "pending")}


def describe_applied(row: Row) -> str:
    if not row.applied_at:
        return ""
    took = f", {row.ms:.0f} ms" if row.ms is not None else ""
    return f"{str(row.applied_at)[:19]} by {row.by or 'unknown'}{took}"
