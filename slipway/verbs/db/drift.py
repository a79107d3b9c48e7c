"""`db.drift`: what somebody changed by hand, past the migrations."""

from __future__ import annotations

from slipway.data.migrations.interface import DRIFT
from slipway.data.verb import Nothing
from slipway.environment import enter
from slipway.errors import VerificationError
from slipway.inside import work


def run(on: str, reporter) -> None:
    """Compares the live catalog with what the migrations give. A difference is a VerificationError (exit 8)."""
    env = enter(on)
    found = work(
        env,
        reporter,
        DRIFT,
        Nothing(),
        "live catalog against the migrations",
        lambda result: f"{len(result.differences)} differences",
    )
    for sentence in found.differences:
        reporter.line(f"  {sentence}")
    if found.differences:
        raise VerificationError(
            "drift",
            f"{len(found.differences)} differences from the migrations",
            "none",
            f"write them as a migration (./invoke db.new), or undo them: ./invoke psql{env.flag}",
        )
    reporter.done("The live schema is what the migrations give.")
