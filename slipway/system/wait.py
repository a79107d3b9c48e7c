"""Waiting for something to become true: probe often, stop at a deadline, give up at once when waiting cannot help."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from slipway.errors import GateError

INTERVAL = 0.075


@dataclass(frozen=True)
class Opened:
    """A gate that is open: how long that took, and how often it was tried."""

    gate: str
    ms: float
    tries: int


class NotYet(Exception):
    """A probe's answer that more time may change; its text says what was seen."""


def wait(
    name: str,
    probe: Callable[[], None],
    deadline_s: float,
    interval: float = INTERVAL,
    *,
    expected: str = "an answer",
    tell: Callable[[str], None] = lambda text: None,
) -> Opened:
    """Probes until it passes.

    A probe returns when the gate is open, raises NotYet to be asked again, and any other error ends the wait.
    `tell` hears each new reason for waiting. Raises GateError at the deadline, with the last reason.
    """
    started, tries, last = time.monotonic(), 0, ""
    while True:
        tries += 1
        try:
            probe()
            return Opened(name, round((time.monotonic() - started) * 1000, 1), tries)
        except NotYet as answer:
            if str(answer) != last:
                last = str(answer)
                tell(f"{name}: {last}")
        if time.monotonic() - started + interval > deadline_s:
            raise GateError(
                f"{name} gate", f"no answer in {deadline_s:g} s; last: {last}", expected, f"./invoke logs -s {name}"
            )
        time.sleep(interval)
