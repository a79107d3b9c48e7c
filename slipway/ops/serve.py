"""Verbs one after another in one process: starting Python anew for each costs more than most of them do."""

from __future__ import annotations

import json
import os
import select
from collections.abc import Callable, Iterator

PATIENCE = 120.0  # seconds without a request: whoever asked is gone


def serve(answer: Callable[[list[str]], int], handle: int = 0, patience: float = PATIENCE) -> int:
    """Answers requests, each a line [VERB, JSON text of its arguments], until the input ends; returns 0."""
    for line in requests(handle, patience):
        answer(json.loads(line))
    return 0


def requests(handle: int, patience: float) -> Iterator[bytes]:
    rest = b""
    while select.select([handle], [], [], patience)[0] and (chunk := os.read(handle, 65536)):
        *whole, rest = (rest + chunk).split(b"\n")
        yield from whole
