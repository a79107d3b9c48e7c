"""Which state of the repository a release was made from."""

from __future__ import annotations

import subprocess
from pathlib import Path

# compose/ is rendered from the settings: it says nothing of what a release holds.
SOURCES = (".", ":(exclude)compose")


def of(root: Path) -> str:
    """The commit in short, with `-dirty` if the tree holds more than that; an empty text where there is no git checkout."""
    commit = git(root, "rev-parse", "--short=8", "HEAD")
    if commit is None or commit.returncode:
        return ""
    # New files too: a build takes them in (images.git_files). Without locks: somebody may be committing.
    changed = git(root, "--no-optional-locks", "status", "--porcelain", "--untracked-files=normal", "--", *SOURCES)
    return commit.stdout.strip() + ("-dirty" if changed.returncode or changed.stdout else "")


def git(root: Path, *words: str) -> subprocess.CompletedProcess | None:
    """A git command's end, or None where there is no git."""
    try:
        return subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, check=False)
    except OSError:
        return None
