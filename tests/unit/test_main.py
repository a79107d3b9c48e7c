"""From a verb to an exit code: every class of error has its own, and none shows a traceback."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest

from slipway import errors
from slipway.environment import ROOT

# What a verb does -> exit code, words on standard error
CASES = {
    **{
        f"raises {kind}": (
            f"raise errors.{cls.__name__}('where', 'found', 'expected', 'next')",
            cls.code,
            "error: where\n  found     found\n  expected  expected\n  next      next\n",
        )
        for kind, cls in errors.KINDS.items()
    },
    "a full disk": (
        "raise OSError(28, 'No space left on device', '/x')",
        9,
        "error: /x\n  found     No space left on device\n",
    ),
    "an engine that is gone": (
        "import requests; raise requests.ConnectionError(('Connection aborted.', 'x'))",
        9,
        "error: Docker\n  found     the engine does not answer any more\n",
    ),
    "what an engine refuses": (
        "import docker; raise docker.errors.APIError('500', explanation='no space left')",
        9,
        "error: Docker\n  found     no space left\n",
    ),
    "an engine without room": (
        "import docker; raise docker.errors.APIError('500', explanation='x: no space left on device')",
        9,
        "error: Docker\n  found     the disk of the engine is full\n",
    ),
    "Ctrl-C": ("import signal; signal.raise_signal(signal.SIGINT)", 130, "error: interrupted\n"),
    "SIGTERM": ("import signal; signal.raise_signal(signal.SIGTERM)", 130, "error: interrupted\n"),
    "all well": ("reporter.done('fine')", 0, ""),
}
PROGRAM = """
import sys
from slipway import errors, main as perform
class verb:
    @staticmethod
    def run(on, reporter):
        {}
sys.modules["slipway.verbs.tried"] = verb
perform.perform("tried", "local", json={})
"""


def run(body: str, as_json: bool = False, **env: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM.format(body, as_json)],
        text=True,
        capture_output=True,
        check=False,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", **env},
        timeout=60,
    )


@pytest.mark.parametrize(("body", "code", "words"), CASES.values(), ids=CASES)
def test_exit_code_and_words(body, code, words):
    done = run(body)
    assert done.returncode == code and done.stderr.startswith(words) and bool(words) == bool(done.stderr)
    assert "Traceback" not in done.stdout + done.stderr


def test_the_codes_are_those_that_the_documentation_promises():
    assert {cls.kind: cls.code for cls in errors.KINDS.values()} == {
        "error": 1,
        "settings": 2,
        "lock": 3,
        "gate": 4,
        "migration": 5,
        "health": 6,
        "backup": 7,
        "verification": 8,
        "engine": 9,
        "interrupted": 130,
    }


def test_a_fault_of_ours_is_one_sentence_that_names_its_place():
    done = run("1 / 0")
    assert done.returncode == 1
    assert done.stderr.startswith(
        "error: <string>:7\n  found     ZeroDivisionError: division by zero\n"
        "  expected  this not to happen: it is a fault of Slipway\n"
    )


def test_an_error_as_json_is_the_last_line_of_the_output():
    done = run("raise errors.GateError('redis gate', 'refused')", as_json=True)
    assert done.returncode == 4 and done.stderr == ""
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "event": "error",
        "code": 4,
        "kind": "gate",
        "where": "redis gate",
        "found": "refused",
        "expected": "",
        "next": "",
        "log": [],
    }


def test_a_terminal_that_knows_only_ascii_is_no_reason_to_fail():
    done = run("reporter.line('✓ готово')", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stdout, done.stderr) == (0, "? ??????\n", "")


def test_a_step_that_never_ends_does_not_keep_the_process(tmp_path):
    done = run(
        "import threading; threading.Thread(target=threading.Event().wait, daemon=True).start(); "
        "raise errors.EngineError('stuck')"
    )
    assert done.returncode == 9


@pytest.mark.parametrize("kind", errors.KINDS)
def test_an_error_crosses_from_the_ops_container_as_it_is(kind):
    error = errors.KINDS[kind]("where", "found", "expected", "next", ("a", "b"))
    back = errors.from_fields(json.loads(json.dumps(error.fields())))
    assert type(back) is type(error) and back.fields() == error.fields() and str(back) == str(error)


@pytest.mark.parametrize("forbidden", [False, True])
def test_the_package_is_compiled_once_unless_that_is_forbidden(tmp_path, forbidden):
    """Invoke would forbid it always, and each command compile some hundred files."""
    shutil.copy(ROOT / "tasks.py", tmp_path)
    shutil.copytree(ROOT / "slipway", tmp_path / "slipway", ignore=shutil.ignore_patterns("__pycache__"))
    env = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    env |= {"PYTHONDONTWRITEBYTECODE": "1"} if forbidden else {}
    subprocess.run([sys.executable, "-m", "invoke", "--list"], cwd=tmp_path, env=env, check=True, capture_output=True)
    assert bool(list(tmp_path.rglob("shared.*.pyc"))) is not forbidden
