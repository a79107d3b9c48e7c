"""`pitr.drill`: restores a moment beside the live cluster, proves it, and takes it away again."""

from __future__ import annotations

from slipway.recovery import moment


def run(on: str, reporter, at: str = moment.LATEST, wait: float = 0) -> None:
    """Exit code 0 means that this moment can be restored, because it was."""
    moment.drill(on, reporter, at, wait)
