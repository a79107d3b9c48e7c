"""Postgres refuses to run as root: the commands that start it as somebody else."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from pathlib import Path

from slipway.errors import EngineError

NOBODY = 65534  # initdb wants an id that has a name; this one has it everywhere


@functools.cache
def prefix(directory: Path) -> tuple[str, ...]:
    """What to put before a command that must not run as root; empty for an ordinary user.

    A user namespace in which root appears under another id needs no change of owner and no path that others may
    enter, so a clone under /root works. Where namespaces are forbidden (most containers), `nobody` does the work.
    """
    if os.geteuid() != 0:
        return ()
    namespace = ("unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}", "--")
    if works((*namespace, "true")):
        return namespace
    drop = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--")
    if works((*drop, "test", "-x", str(existing(directory)))):
        return drop
    raise EngineError(
        "embedded engine",
        f"running as root, and others may not enter {directory}",
        "an ordinary user, because Postgres refuses root",
        "clone into a directory that others may enter, such as /srv, or run ./invoke as an ordinary user",
    )


def existing(directory: Path) -> Path:
    """The directory, or the nearest one above it that is there already."""
    return next(path for path in (directory, *directory.parents) if path.exists())


def dropped(directory: Path) -> bool:
    """Whether somebody else does the work, who must be let through to the data."""
    return "setpriv" in prefix(directory)


def owner(directory: Path) -> int:
    """User id that must own the data directory, as the file system sees it."""
    return NOBODY if dropped(directory) else os.geteuid()


def give(path: Path, uid: int) -> None:
    """Makes a tree belong to a user; quick when it already does."""
    if path.stat().st_uid == uid:
        return
    for directory, _, names in os.walk(path):
        for name in (directory, *(os.path.join(directory, name) for name in names)):
            os.chown(name, uid, -1, follow_symlinks=False)


def works(argv: tuple[str, ...]) -> bool:
    return bool(shutil.which(argv[0])) and subprocess.run(argv, capture_output=True, timeout=10).returncode == 0
