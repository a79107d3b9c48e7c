"""The lock of an embedded stack: a locked file, which the operating system lets go of when its holder ends."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from slipway.engine import lock as holder


@contextmanager
def held(home: Path, stack: str, doing: str, wait: float, flag: str) -> Iterator[Callable[[], None]]:
    """Holds the lock while the block runs. Raises LockHeld, naming the holder, after `wait` seconds.

    It cannot be lost: what it gives does nothing.
    """
    home.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + wait
    # The descriptor must not reach the supervisor, which outlives us: Python's are not inherited.
    handle = os.open(home / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        while not taken(handle):
            if time.monotonic() >= deadline:
                raise holder.held_error(stack, look(home), flag)
            time.sleep(0.1)
        os.ftruncate(handle, 0)
        os.pwrite(handle, json.dumps(asdict(holder.me(doing))).encode(), 0)
        yield lambda: None
        os.ftruncate(handle, 0)
    finally:
        os.close(handle)


def taken(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def look(home: Path) -> holder.Holder | None:
    """Who holds the lock now, or None."""
    try:
        handle = os.open(home / "lock", os.O_RDWR)
    except FileNotFoundError:
        return None
    try:
        if taken(handle):
            return None
        text = os.pread(handle, 4096, 0)
        return (
            holder.Holder(**json.loads(text))
            if text
            else holder.Holder("somebody", "this machine", "?", "?", "just now")
        )
    except (ValueError, TypeError):
        return holder.Holder("somebody", "this machine", "?", "?", "just now")
    finally:
        os.close(handle)
