"""What must outlast a power cut, and what happens when there is no room for it."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from pathlib import Path

from slipway.errors import EngineError

FULL = (errno.ENOSPC, errno.EDQUOT)


def sync_path(path: Path) -> None:
    """Waits until a file's bytes, or the names in a directory, are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def replace(place: Path, text: str, mode: int = 0o600) -> None:
    """Puts a text in the place of a file whole, or leaves what is there and nothing else. Raises OSError."""
    handle, temporary = tempfile.mkstemp(dir=place.parent, prefix=f".{place.stem}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, mode)
        os.replace(temporary, place)
        sync_path(place.parent)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def room(folder: Path | None) -> int | None:
    """Bytes that are free where a directory is, or None where there is none."""
    return shutil.disk_usage(folder).free if folder and folder.is_dir() else None


def full(error: Exception) -> EngineError | None:
    """The error of a disk without room, or None where it was something else."""
    if not isinstance(error, OSError) or error.errno not in FULL:
        return None
    return EngineError(
        str(error.filename or "disk of the stack"),
        error.strerror,
        "room for what is to be written",
        "make room on the disk that ./invoke doctor names, then type the same command again",
    )
