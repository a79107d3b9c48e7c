"""Volumes belong to the accounts of today, whoever made them: the service `owners` of the rendered file sees to it."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from slipway.engine.docker import compose
from slipway.plan import Progress

if TYPE_CHECKING:
    from slipway.engine.docker.engine import Docker

WORKING_IN_THEM = {"ops", "pitr", "gateway", "objects"}


def settle(engine: Docker, names: Collection[str], progress: Progress) -> None:
    """Runs it, once in a command, before one of these services starts that works in such a volume."""
    if engine.accounts_settled or WORKING_IN_THEM.isdisjoint(names):
        return
    words = ("--progress", "plain", "run", "--rm", "--no-deps", "--no-TTY", "owners")
    compose.run(engine.compose(*words), engine.environment, progress.say, "owners of the volumes")
    engine.accounts_settled = True
