"""Child processes: argv as given, output as it comes, and nothing that outlives the tool."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import psutil
import pytest

from slipway.errors import EngineError
from slipway.system import process
from tests.support.waiting import PATIENCE, until


def python(code: str, *argv: str) -> list[str]:
    return [sys.executable, "-c", textwrap.dedent(code), *argv]


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_arguments_reach_the_program_as_they_are():
    words = ["a b", "$HOME", "`id`", "'", '"', ";", "*", "", "é\n"]
    assert process.output(python("import sys; print(sys.argv[1:])", *words)) == str(words)


def test_lines_are_handed_over_while_the_program_still_runs(tmp_path):
    """The program waits for a file that only the second line's hearer makes."""
    go = tmp_path / "go"
    heard: list[str] = []

    def hear(line: str) -> None:
        heard.append(line)
        go.touch()

    process.stream(
        python(
            """
        import os, sys, time
        print("ready", flush=True)
        while not os.path.exists(sys.argv[1]): time.sleep(0.01)
        print("went on")
        """,
            str(go),
        ),
        hear,
    )
    assert heard == ["ready", "went on"]


def test_output_is_both_streams_decoded_whatever_bytes_they_are():
    code = r"import os; os.write(1, b'out\xff\n'); os.write(2, b'error')"
    assert process.output(python(code)) == "out\ufffd\nerror"


def test_input_environment_and_directory(tmp_path):
    code = "import os, sys; print(sys.stdin.read(), os.environ['ONLY'], len(os.environ) < 4, os.getcwd())"
    heard: list[str] = []
    process.stream(python(code), heard.append, env={"ONLY": "this"}, cwd=tmp_path, stdin="said")
    assert heard == [f"said this True {tmp_path}"]


def test_without_input_a_program_that_reads_gets_its_end_at_once():
    assert process.output(python("import sys; print(repr(sys.stdin.read()))")) == "''"


def test_a_program_that_reads_nothing_of_its_input_is_not_our_failure():
    process.stream(python("pass"), lambda line: None, stdin="x" * 10**6)


def test_a_failure_says_program_code_and_its_last_twenty_lines():
    with pytest.raises(process.Failed) as caught:
        process.output(python("for number in range(30): print(number)\nraise SystemExit(7)", "--secret=5ecreT"))
    error = caught.value
    assert (error.code, error.returncode, error.found) == (9, 7, "exit code 7")
    assert error.output == error.log == tuple(str(number) for number in range(10, 30))
    assert "5ecreT" not in str(error.fields())


def test_a_program_ended_by_a_signal_has_failed():
    with pytest.raises(process.Failed, match="exit code -9"):
        process.output(python("import os; os.kill(os.getpid(), 9)"))


@pytest.mark.parametrize("kind", ["missing", "no right to run", "a directory"])
def test_a_program_that_cannot_be_run_is_one_sentence(tmp_path, kind):
    path = tmp_path / "program"
    if kind == "no right to run":
        path.write_text("#!/bin/sh\n")
    if kind == "a directory":
        path.mkdir()
    with pytest.raises(EngineError) as caught:
        process.output([str(path)])
    assert caught.value.where == str(path)
    assert caught.value.found == ("not found on PATH" if kind == "missing" else "permission denied")


def test_a_program_of_a_directory_that_is_not_there_is_one_sentence(tmp_path):
    with pytest.raises(EngineError) as caught:
        process.output([sys.executable, "-V"], cwd=tmp_path / "nowhere")
    assert str(tmp_path / "nowhere") in str(caught.value)


def test_a_child_has_a_process_group_of_its_own():
    group = int(process.output(python("import os; print(os.getpgid(0))")))
    assert group != os.getpgid(0)


def test_asked_to_end_children_get_what_ctrl_c_sends():
    heard: list[str] = []
    code = """
        import os, signal, sys, time
        # Not print: it may not be called again while the one below has not returned.
        signal.signal(signal.SIGINT, lambda *_: (os.write(1, b"interrupted\\n"), sys.exit(0)))
        print("ready", flush=True)
        time.sleep(60)
        """
    worker = threading.Thread(target=process.stream, args=(python(code), heard.append))
    worker.start()
    until(lambda: heard == ["ready"], "the child is ready")
    process.end_all()
    worker.join(PATIENCE)
    assert heard == ["ready", "interrupted"] and not process._running


def test_work_elsewhere_is_cancelled_only_while_it_runs():
    calls: list[str] = []
    with process.cancellable(lambda: calls.append("cancelled")):
        process.end_all()
    process.end_all()
    assert calls == ["cancelled"]


# A tool that runs a child which, with a child of its own, ignores every signal that asks.
TOOL = r"""
import signal, sys
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # which nohup ignores, and children of it inherit that
from slipway import main as perform, plan; from slipway.system import process
from slipway.plan import Plan, Step, apply

process.GRACE = plan.PATIENCE = 0.2
child = r'''
import os, signal, sys, time
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP): signal.signal(number, signal.SIG_IGN)
os.fork()
os.write(1, b"%d\n" % os.getpid())     # whole lines, though two processes write
time.sleep(600)
'''

class verb:
    @staticmethod
    def run(on, reporter):
        def work(progress):
            process.stream([sys.executable, "-c", child], lambda line: print("pid", line, flush=True))
        if sys.argv[1] == "plan":
            apply(Plan(((Step("deaf", "", work),),)), reporter, process.end_all)
        else:
            work(None)

sys.modules["slipway.verbs.deaf"] = verb
perform.perform("deaf", "local")
"""


@pytest.mark.parametrize("place", ["plan", "main thread"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_children_that_ignore_every_signal_are_gone_when_the_tool_is(number, place, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(process.__file__).parents[2]))
    with subprocess.Popen(
        [sys.executable, "-c", TOOL, place], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as tool:
        pids = [int(tool.stdout.readline().split()[1]) for _ in range(2)]
        tool.send_signal(number)
        out, err = tool.communicate(timeout=PATIENCE)
    assert tool.returncode == 130 and "Traceback" not in out + err and "error: interrupted" in err
    for pid in pids:
        until(lambda pid=pid: gone(pid), f"process {pid} is gone")
