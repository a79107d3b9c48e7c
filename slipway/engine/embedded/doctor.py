"""What `doctor` says of the embedded engine: what its servers are, beside those of the images."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from slipway.engine import Finding
from slipway.engine.embedded import services
from slipway.stack.model import Stack


def servers(stack: Stack, home: Path) -> Iterator[Finding]:
    """A sentence for each server."""
    for name in services.names(stack):
        if describe := services.RECIPES[name].describe:
            yield Finding(name, describe(home, stack.settings))
