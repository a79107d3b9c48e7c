"""Ctrl-C and SIGTERM in the middle of `up` and `down`: said, nothing half, and finished by the next run."""

from __future__ import annotations

import json
import signal
import subprocess

import pytest

from tests.support.waiting import PATIENCE
from tests.support.working_copy import WorkingCopy, is_alive


def interrupt_at(copy: WorkingCopy, step: str, number: int) -> subprocess.CompletedProcess:
    """Sends the signal as soon as `up` tells that a step has started; returns what it said to its end."""
    child = copy.start("up", "--json")
    heard = []
    for line in child.stdout:
        heard.append(line)
        event = json.loads(line)
        if event.get("state") == "started" and event["name"].startswith(step):
            child.send_signal(number)
            break
    out, err = child.communicate(timeout=PATIENCE)
    assert "Traceback" not in "".join(heard) + out + err
    return subprocess.CompletedProcess(child.args, child.returncode, "".join(heard) + out, err)


@pytest.mark.parametrize(("number", "step"), [(signal.SIGINT, "start postgres"), (signal.SIGTERM, "migrate")])
def test_an_interrupted_up_says_what_is_done_and_the_next_one_completes_it(fresh, number, step):
    done = interrupt_at(fresh, step, number)
    error = json.loads(done.stdout.splitlines()[-1])
    assert (done.returncode, error["event"], error["code"]) == (130, "error", 130)
    assert any(word in error["found"] for word in ("done: ", "cut short: ", "not begun: "))
    assert "initdb" not in {process.name() for process in fresh.processes()}
    fresh.up()
    assert len(fresh.titles()) == 6 and fresh.psql("SELECT count(*) FROM slipway.history") == str(
        len(list((fresh.root / "migrations").glob("*.up.sql")))
    )


def test_a_down_that_was_cut_short_is_finished_by_the_next(shared):
    shared.up()
    child = shared.start("down")
    child.stdout.readline()
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=PATIENCE)
    assert "Traceback" not in out + err and child.returncode in (0, 130)
    shared.up()
    assert all(is_alive(pid) for pid in shared.pids.values()) and shared.get("/ready")


def test_two_runs_at_once_leave_one_working_stack(fresh):
    children = [fresh.start("up") for _ in range(2)]
    outputs = [child.communicate(timeout=PATIENCE) for child in children]
    assert all("Traceback" not in out + err for out, err in outputs)
    fresh.up()
    assert "Nothing to do" in fresh.up() and len(fresh.titles()) == 6


def test_nobody_reads_the_output_any_more(shared):
    shared.invoke("down")
    child = shared.start("up", "--json")
    child.stdout.readline()
    child.stdout.close()
    _, err = "", child.stderr.read()
    assert child.wait(60) == 0 and err == ""
    assert shared.get("/ready")
