"""What of the shell reaches our libraries, and what a path that was typed means."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from slipway.system import inherited
from tests.support.hostile import HOSTILE


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
    monkeypatch.setenv("SLIPWAY_TYPED_IN", "/some where")
    monkeypatch.setenv("HOME", "/home/me")
    assert inherited.path_of(typed) == Path(path)


def test_without_the_launcher_it_is_from_the_directory_of_the_process(monkeypatch) -> None:
    monkeypatch.delenv("SLIPWAY_TYPED_IN", raising=False)
    assert inherited.path_of("mine.json") == Path("mine.json")
