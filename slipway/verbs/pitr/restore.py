"""`pitr.restore`: the whole cluster as it was at a moment, as `restore --at` brings it."""

from __future__ import annotations

from slipway.recovery import moment


def run(on: str, reporter, **asked) -> None:
    """Restores to the moment that is asked for, or removes the clusters that earlier restores have kept."""
    moment.run(on, reporter, **asked)
