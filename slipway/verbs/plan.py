"""`plan`: what a deploy would do, and how that would be felt, with nothing changed."""

from __future__ import annotations

from slipway.release import preview


def run(on: str, reporter) -> None:
    """Prints the plan of a deploy; before the first `up`, that of the first start."""
    preview.deploy(on, reporter)
