"""Waits for states, never for times."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

# Seconds. A guard against a test that hangs, and no bar: no machine is so slow that a state which comes is not there by then.
PATIENCE = 300.0
SHORTEST, LONGEST = 0.02, 0.25  # seconds between two questions


def rest(took: float) -> float:
    """Seconds until the next question, after one that took so long to answer.

    A `docker exec` that is asked again at once takes from the processor what the awaited state needs of it.
    """
    return min(max(took, SHORTEST), LONGEST)


def until(state: Callable[[], T], what: str) -> T:
    """The first true value of `state`, polled; fails the test when it does not come."""
    end = (asked := time.monotonic()) + PATIENCE
    while not (value := state()):
        assert time.monotonic() < end, f"{what}: not within {PATIENCE:g} s"
        time.sleep(rest(time.monotonic() - asked))
        asked = time.monotonic()
    return value
