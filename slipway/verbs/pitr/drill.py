"""`pitr.drill`: restores a moment beside the live cluster, proves it, and takes it away again."""

from __future__ import annotations

from slipway.verbs import restore_at


def run(on: str, reporter, at: str = restore_at.LATEST, wait: float = 0) -> None:
    """Exit code 0 means that this moment can be restored, because it was."""
    restore_at.drill(on, reporter, at, wait)
