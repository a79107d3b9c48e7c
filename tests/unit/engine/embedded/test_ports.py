"""Ports of the embedded services: kept while they are free, the front door's as asked."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from slipway.engine.embedded import ports
from slipway.environment import ROOT
from slipway.errors import EngineError

NONE: frozenset[str] = frozenset()


@pytest.fixture
def held() -> Iterator[int]:
    """A port that this process listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def free(number: int = 1) -> list[int]:
    probes = [socket.socket() for _ in range(number)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    found = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return found


def test_a_first_choice_is_four_different_ports_with_the_app_at_the_front():
    front = free()[0]
    chosen = ports.choose({}, NONE, front, insist=False)
    assert set(chosen) == set(ports.SERVICES) and len(set(chosen.values())) == 4 and chosen["app"] == front


def test_saved_ports_are_kept_while_they_are_free():
    saved = dict(zip(ports.SERVICES, free(4), strict=True))
    assert ports.choose(saved, NONE, saved["app"], insist=False) == saved


def test_running_services_keep_their_ports_though_they_hold_them(held):
    saved = {"postgres": held, "redis": 2, "objects": 3, "app": held + 1}
    chosen = ports.choose(saved, frozenset(ports.SERVICES), 8080, insist=False)
    assert chosen == saved


def test_a_port_that_somebody_else_took_is_given_up(held):
    saved = dict(zip(ports.SERVICES, free(4), strict=True)) | {"redis": held}
    chosen = ports.choose(saved, NONE, saved["app"], insist=False)
    assert chosen["redis"] not in (held, 0) and chosen["postgres"] == saved["postgres"]


def test_a_front_door_that_nobody_insists_on_moves(held):
    assert ports.choose({}, NONE, held, insist=False)["app"] != held


def test_of_two_that_come_up_at_once_one_gets_the_front_door():
    front = free()[0]
    code = (
        f"from slipway.engine.embedded import ports; print(ports.choose({{}}, frozenset(), {front}, False)['app'], flush=True); "
        "input()"
    )
    first = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert int(first.stdout.readline()) == front
    assert ports.choose({}, NONE, front, insist=False)["app"] != front
    first.communicate("\n")
    assert ports.choose({}, NONE, front, insist=False)["app"] == front
    assert ports.choose({}, NONE, front, insist=False)["app"] == front


def test_a_front_door_that_is_insisted_on_and_taken_names_its_holder(held):
    with pytest.raises(EngineError) as caught:
        ports.choose({}, NONE, held, insist=True)
    assert caught.value.where == f"port {held}"
    assert f"(process {os.getpid()})" in caught.value.found and "HTTP_PORT" in caught.value.next


def test_a_running_app_moves_when_another_front_door_is_asked_for():
    old, new = free(2)
    assert ports.choose({"app": old}, frozenset(["app"]), new, insist=True)["app"] == new
    assert ports.choose({"app": old}, frozenset(["app"]), old, insist=True)["app"] == old


@pytest.mark.parametrize("text", ["", "[]", "{", '{"app": "x"}', '{"app": null}', "\0", '"text"'])
def test_a_damaged_file_of_ports_is_no_file(tmp_path, text):
    (tmp_path / "ports.json").write_text(text)
    assert ports.load(tmp_path / "ports.json") == {}


def test_a_file_of_ports_reads_back(tmp_path):
    (tmp_path / "ports.json").write_text(json.dumps({"app": 8080}))
    assert ports.load(tmp_path / "ports.json") == {"app": 8080}
    assert ports.load(tmp_path / "missing.json") == {}
