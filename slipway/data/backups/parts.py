"""What a backup may hold beside database and objects: stores that are kept whole, each as one file of its server's own."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from slipway.data.endpoints import Emit, Endpoints
from slipway.stack import stores


@dataclass(frozen=True)
class Part:
    """One of them."""

    name: str  # of the store; so the manifest and --only call it
    title: str  # in sentences
    file: str  # in the folder of a backup
    save: Callable[[Endpoints, Path, Emit], int]  # writes the file and returns its size

    def wanted(self, ends: Endpoints, parts: Sequence[str]) -> bool:
        """Whether a backup of `parts` holds it: where it is asked for, or goes with the database."""
        asked = self.name in parts or ("database" in parts and self.name in ends.backup.whole)
        return asked and self.name in ends.store_urls


@functools.cache
def load() -> tuple[Part, ...]:
    return tuple(import_module(f"slipway.data.{name}").PART for name in stores.WHOLE)
