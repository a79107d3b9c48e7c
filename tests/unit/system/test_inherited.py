"""What of the shell reaches our libraries, and what a path that was typed means."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from slipway.system import inherited
from tests.support.hostile import HOSTILE

ROOT = Path(__file__).parents[3]


def test_nothing_of_other_clients_is_left(monkeypatch) -> None:
    environ = HOSTILE | {"PGBACKREST_PG1_PATH": "/data", "PATH": "/bin", "POSTGRES_VERSION": "18", "PITR": "true"}
    inherited.clear(environ)
    left = {name for name in environ if name.startswith(("PG", "AWS_", "BOTO_"))}
    assert left == {"PGBACKREST_PG1_PATH", *inherited.NOWHERE}
    assert not any(os.path.exists(path) for path in inherited.NOWHERE.values())
    assert {"PATH", "POSTGRES_VERSION", "PITR"} <= set(environ)


@pytest.mark.parametrize(
    ("typed", "path"),
    [("mine.json", "/some where/mine.json"), ("../x", "/some where/../x"), ("/abs", "/abs"), ("~/key", "/home/me/key")],
)
def test_a_path_is_from_where_it_was_typed(monkeypatch, typed: str, path: str) -> None:
    monkeypatch.setattr(inherited, "TYPED_IN", Path("/some where"))
    monkeypatch.setenv("HOME", "/home/me")
    assert inherited.path_of(typed) == Path(path)


@pytest.mark.parametrize(
    ("told", "path"), [({"SLIPWAY_TYPED_IN": "/some_where"}, "/some_where/mine.json"), ({}, "mine.json")]
)
def test_what_the_launcher_tells_is_for_this_process_and_for_no_child(told: dict[str, str], path: str) -> None:
    code = "import os; from slipway.system import inherited; print(inherited.path_of('mine.json'), *os.environ)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=told, stdout=subprocess.PIPE, text=True)
    where, *left = done.stdout.split()
    assert where == path and "SLIPWAY_TYPED_IN" not in left
