"""Many verbs in one process: requests split as they like, frames too, and an end when nobody asks any more."""

from __future__ import annotations

import json
import os
import struct
import time

import pytest

from slipway.engine.docker.ops_session import IDLE, VERBS, Session
from slipway.ops import serve


def test_requests_are_answered_in_order_however_they_arrive():
    reading, writing = os.pipe()
    text = b"".join(json.dumps([verb, "{}"]).encode() + b"\n" for verb in ("one", "two", "three"))
    for piece in (text[:3], text[3:20], text[20:]):
        os.write(writing, piece)
    os.close(writing)
    asked: list[list[str]] = []
    assert serve.serve(lambda request: asked.append(request) or 0, reading) == 0
    assert asked == [["one", "{}"], ["two", "{}"], ["three", "{}"]]
    os.close(reading)


def test_it_ends_when_nobody_asks():
    reading, writing = os.pipe()
    assert serve.serve(lambda request: 0, reading, patience=0.05) == 0
    for handle in (reading, writing):
        os.close(handle)


def test_lines_are_put_together_from_frames_of_any_cut():
    frames = b"".join(
        struct.pack(">BxxxL", 1, len(part)) + part for part in (b'{"a"', b': 1}\n{"b": 2}\n{"c"', b": 3}\n")
    )
    for size in (1, 3, 7, 100):
        session = Session.__new__(Session)
        session.rest = session.frames = b""
        found = [line for at in range(0, len(frames), size) for line in session.lines(frames[at : at + size])]
        assert found == ['{"a": 1}', '{"b": 2}', '{"c": 3}']


def test_what_changes_data_has_a_process_of_its_own():
    assert not VERBS & {"migrate", "rollback", "goto", "redo", "adopt", "fixtures", "roles", "buckets"}


@pytest.mark.parametrize(
    ("idle", "ended", "container", "serves"),
    [(0, False, "a", True), (0, True, "a", False), (0, False, "b", False), (IDLE, False, "a", False)],
)
def test_a_process_that_may_have_ended_by_itself_is_not_asked(idle, ended, container, serves):
    session = Session.__new__(Session)
    session.container, session.ended, session.used = "a", ended, time.monotonic() - idle
    assert session.serves(container) is serves
    assert IDLE < serve.PATIENCE
