"""A log of which the last lines are shown over and over: every line is told once, and no half of one."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.engine.dokploy.tail import new_lines, whole_lines
from tests.support.fuzzing import fuzz


@fuzz()
@given(steps=st.lists(st.integers(0, 12), max_size=12), shown=st.integers(12, 20))
def test_every_line_is_told_once_however_much_of_the_log_is_shown(steps: list[int], shown: int):
    log: list[str] = []
    told: list[str] = []
    before: list[str] = []
    for count in steps:
        log += [f"line {len(log) + number}" for number in range(count)]
        now = log[-shown:]
        told += new_lines(before, now)
        before = now
    assert told == log


@pytest.mark.parametrize(
    ("before", "now", "new"),
    [
        ([], ["a"], ["a"]),
        (["a"], [], []),
        (["a"], ["a"], []),
        (["a", "a"], ["a", "a", "b"], ["b"]),
        (["a", "b", "a"], ["a", "c"], ["c"]),
        (["a"], ["x", "y"], ["x", "y"]),  # more came than is shown
    ],
)
def test_new_lines(before, now, new):
    assert list(new_lines(before, now)) == new


EVENT = json.dumps({"event": "result", "result": {"text": "a \u2028 b"}})


@pytest.mark.parametrize(
    ("text", "over", "lines"),
    [
        ("", False, []),
        ("", True, []),
        ("a\n", False, ["a"]),
        ("a\nb", False, ["a"]),
        ("a\nb", True, ["a", "b"]),
        (f"a\n{EVENT}", False, ["a", EVENT]),  # whole, whatever took its end away
        (f"a\n{EVENT[:-1]}", False, ["a"]),
        ("a\n5", False, ["a"]),
    ],
)
def test_whole_lines(text, over, lines):
    assert list(whole_lines(text, over)) == lines
