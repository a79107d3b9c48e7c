"""Waits for states, never for times."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

# Seconds. A guard against a test that hangs, and no bar: no machine is so slow that a state which comes is not there by then.
PATIENCE = 300.0


def until(state: Callable[[], T], what: str) -> T:
    """The first true value of `state`, polled; fails the test when it does not come."""
    end = time.monotonic() + PATIENCE
    while not (value := state()):
        assert time.monotonic() < end, f"{what}: not within {PATIENCE:g} s"
        time.sleep(0.02)
    return value
