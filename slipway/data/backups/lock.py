"""One writer of backups at a time: a locked file beside them, which the operating system lets go of with its holder."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from slipway.data.backups import folder
from slipway.data.endpoints import Endpoints
from slipway.errors import BackupError, LockHeld

NAME = ".lock"


@contextmanager
def hold_lock(
    ends: Endpoints, doing: str, wait: float = 0, tell: Callable[[str], None] = lambda text: None
) -> Iterator[Path]:
    """Holds the right to change the directory of the backups, and gives it: taking, pruning, sweeping.

    What a killed backup left half-written is removed: whoever has the lock knows that nobody writes it any more.
    Raises LockHeld, naming the holder, after `wait` seconds, and BackupError where the directory cannot be written.
    """
    place = folder.root(ends)
    try:
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(place / NAME, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise folder.unreachable(place, error) from None
    try:
        take(handle, doing, wait, tell)
        clear(place)
        yield place
        os.ftruncate(handle, 0)
    finally:
        os.close(handle)


def take(handle: int, doing: str, wait: float, tell: Callable[[str], None]) -> None:
    deadline = time.monotonic() + wait
    while not try_lock(handle, fcntl.LOCK_EX):
        holder = os.pread(handle, 4096, 0).decode(errors="replace") or "another command"
        if time.monotonic() >= deadline:
            raise LockHeld("backups", f"held by {holder}", "one at a time", "wait for it, then the same command again")
        tell(f"waiting for {holder}")
        time.sleep(0.2)
    os.ftruncate(handle, 0)
    os.pwrite(
        handle, f"{doing}, process {os.getpid()}, since {time.strftime('%H:%M:%S', time.gmtime())} UTC".encode(), 0
    )


def try_lock(handle: int, how: int) -> bool:
    try:
        fcntl.flock(handle, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def alive(ends: Endpoints) -> bool:
    """Whether somebody changes the backups now."""
    try:
        handle = os.open(folder.root(ends) / NAME, os.O_RDWR)
    except OSError:
        return False
    try:
        return not try_lock(handle, fcntl.LOCK_SH)
    finally:
        os.close(handle)


def clear(place: Path) -> None:
    """Removes what was being written, or removed, when its process ended."""
    for path in place.glob(f"{folder.PARTIAL}*"):
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def hold_for_reading(path: Path) -> Iterator[None]:
    """Keeps prunes off this backup while the block runs. Any number may read. Raises BackupError where one just did."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise BackupError(
            f"backup {path.name}",
            f"it cannot be read: {error.strerror}",
            "a backup that is there",
            "./invoke backups.list",
        ) from None
    try:
        fcntl.flock(handle, fcntl.LOCK_SH)
        yield
    finally:
        os.close(handle)
