"""The mark of a stack's owner on the embedded engine: a file beside the data."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from slipway.engine import owner
from slipway.engine.owner import Owner
from slipway.stack.model import Stack
from slipway.system import disk

FILE = "owner.json"


def read(home: Path) -> Owner | None:
    """The owner that the data is marked with; None where there is no mark, or none that can be read."""
    try:
        return Owner(**json.loads((home / FILE).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def claim(home: Path, stack: Stack, root: Path) -> None:
    """Marks the data as that of this stack, unless it is."""
    ours = owner.of(stack, root)
    if not owner.complete(read(home), ours):
        disk.replace(home / FILE, json.dumps(asdict(ours)), 0o600)
