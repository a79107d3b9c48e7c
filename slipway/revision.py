"""Which state of the repository a release was made from."""

from __future__ import annotations

import subprocess
from pathlib import Path


def of(root: Path) -> str:
    """The commit in short, with `-dirty` if the tree holds more than that; an empty text where there is no git checkout."""
    try:
        done = subprocess.run(
            ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=8", "--exclude=*"],
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()
