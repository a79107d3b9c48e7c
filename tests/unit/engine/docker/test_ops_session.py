"""Many verbs in one process: requests split as they like, frames too, and an end when nobody asks any more."""

from __future__ import annotations

import json
import os
import struct
import time

import pytest

from slipway.engine import events
from slipway.engine.docker import ops_exec
from slipway.engine.docker.ops_exec import Ops
from slipway.engine.docker.ops_session import IDLE, Session
from slipway.ops import serve, verbs
from slipway.ops.interface import SWITCH, Taken
from slipway.plan import Silent


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


class Shared(Ops):
    """Keeps which verbs are asked in the shared process, and which in one of their own."""

    def __init__(self) -> None:
        super().__init__(None)
        self.shared: list[str] = []
        self.alone: list[str] = []


def test_what_works_for_long_has_a_process_of_its_own_and_so_has_what_comes_while_the_shared_one_is_busy(monkeypatch):
    ops = Shared()
    monkeypatch.setattr(ops, "open_session", lambda container, verb: None)
    monkeypatch.setattr(ops_exec, "ask", lambda session, connection, verb, *rest: ops.shared.append(verb.name))
    monkeypatch.setattr(ops_exec, "run", lambda connection, container, verb, *rest: ops.alone.append(verb.name))
    for verb in ("roles", "migrate", "backup"):
        ops.run("ops", verbs.find(verb), {}, Silent(), lambda: None)
    with ops.lock:
        ops.run("ops", verbs.find("gate.redis"), {}, Silent(), lambda: None)
    assert (ops.shared, ops.alone) == (["roles", "migrate"], ["backup", "gate.redis"])


def test_a_verb_that_is_told_or_tells_a_secret_has_a_process_of_its_own():
    assert verbs.find("supabase.secrets.values").confidential
    assert all(verbs.find(verb).alone for verb in verbs.VERBS if verbs.find(verb).confidential)


@pytest.mark.parametrize(
    ("result", "found"), [({}, "ms: missing"), ({"ms": "1"}, "ms: str"), ({"ms": None}, "ms: null")]
)
def test_an_answer_of_another_version_is_told_with_what_does_not_fit(result, found):
    with pytest.raises(events.OtherVersion) as caught:
        ops_exec.read_answer(None, "ops", SWITCH, {"event": "result", "result": result}, [])
    assert caught.value.found.endswith(found) and caught.value.expected == "float"


def test_what_an_answer_of_a_newer_version_has_besides_is_passed_over():
    outcome = {"event": "result", "result": {"ms": 2, "newer": [1]}}
    assert ops_exec.read_answer(None, "ops", SWITCH, outcome, []) == Taken(2)


@pytest.mark.parametrize(
    ("idle", "ended", "container", "serves"),
    [(0, False, "a", True), (0, True, "a", False), (0, False, "b", False), (IDLE, False, "a", False)],
)
def test_a_process_that_may_have_ended_by_itself_is_not_asked(idle, ended, container, serves):
    session = Session.__new__(Session)
    session.container, session.ended, session.used = "a", ended, time.monotonic() - idle
    assert session.serves(container) is serves
    assert IDLE < serve.PATIENCE
