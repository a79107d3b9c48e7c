"""A log of which one is shown the last lines, over and over: which are new, and which are whole. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence


def new_lines(before: Sequence[str], now: Sequence[str]) -> Sequence[str]:
    """The lines of `now` that came after `before`: both are the end of one log, which has only grown.

    Where nothing of `before` is left in it, all of it is new.
    """
    for start, line in enumerate(before):
        count = len(before) - start
        if now and line == now[0] and list(now[:count]) == list(before[start:]):
            return now[count:]
    return now


def whole_lines(text: str, over: bool) -> Sequence[str]:
    """The lines of a text, without the last one while it may be half of one."""
    lines = text.splitlines()
    ended = over or text.endswith("\n") or is_closed(lines[-1:])
    return lines if ended else lines[:-1]


def is_closed(line: Sequence[str]) -> bool:
    """Whether a line without an end is an event all the same: a proxy of the log may have taken the end away."""
    try:
        return isinstance(json.loads(line[0]), dict) if line else True
    except ValueError:
        return False
