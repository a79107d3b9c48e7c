"""How often the tests of faults repeat: a short campaign as in CI, or with CAMPAIGN=long one that takes hours."""

from __future__ import annotations

import os
from typing import TypeVar

T = TypeVar("T")
LONG = os.environ.get("CAMPAIGN") == "long"


def sized(short: T, long: T) -> T:
    """What the campaign asks for: a number of times, or a list of cases."""
    return long if LONG else short
