"""Directories for as long as this process runs, removed however it ends but by a kill."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from pathlib import Path

_made: list[Path] = []


def folder(prefix: str) -> Path:
    """A new directory that nobody else may look into."""
    made = Path(tempfile.mkdtemp(prefix=prefix))
    _made.append(made)
    return made


@atexit.register
def remove_all() -> None:
    """Removes them. Called by hand where a process ends at once, without what Python does at its end."""
    while _made:
        shutil.rmtree(_made.pop(), ignore_errors=True)
