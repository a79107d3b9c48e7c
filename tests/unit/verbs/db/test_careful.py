"""What takes data away or adds demo data is done outside the local environment only when it was said twice."""

from __future__ import annotations

import importlib
from contextlib import nullcontext
from types import SimpleNamespace

import pytest

from slipway.data.verb import Verb
from slipway.errors import SettingsError
from tests.support.fakes import answer
from tests.unit.conftest import settings_of

FILE = {"version": 3, "name": "x", "file": "migrations/3_x.down.sql", "ms": 1.0, "note": "was edited"}
ANSWERS = {
    "fixtures": {"loaded": [{"file": "fixtures/1_x.sql", "rows": 2, "ms": 1.0}], "kept": 0},
    "rollback": {"rolled_back": [FILE], "version": 2},
    "goto": {"applied": [], "rolled_back": [FILE], "version": 2},
    "redo": {"applied": [FILE | {"note": ""}], "rolled_back": [FILE], "version": 3},
}
# Verb, what it is called with, how it is said again.
CALLS = [
    ("fixtures", {}, "db.fixtures"),
    ("fixtures", {"only": "1_x"}, "db.fixtures --only 1_x"),
    ("rollback", {}, "db.rollback"),
    ("rollback", {"steps": 3}, "db.rollback --steps 3"),
    ("goto", {"version": 2}, "db.goto 2"),
    ("redo", {}, "db.redo"),
    ("redo", {"steps": 2}, "db.redo --steps 2"),
]


class Reporter:
    """Keeps the lines that it is told."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def line(self, text: str) -> None:
        self.said.append(text)

    def __getattr__(self, name: str):
        return lambda *args, **fields: None


def play(monkeypatch: pytest.MonkeyPatch, verb: str, environment: str, **options: object) -> tuple[list, list[str]]:
    """Runs a verb in an environment; the calls of the data side, and the lines."""
    asked: list[str] = []

    def inside(verb: Verb, args: object, progress) -> object:
        asked.append(verb.name)
        return answer(verb, ANSWERS[verb.name])

    module = importlib.import_module(f"slipway.verbs.db.{verb}")
    engine = SimpleNamespace(inside=inside, hold_lock=lambda *args: nullcontext())
    settings = settings_of(environment=environment)
    flag = "" if environment == "local" else f" --on {environment}"
    monkeypatch.setattr(
        module, "enter", lambda on: SimpleNamespace(header="", flag=flag, engine=engine, settings=settings)
    )
    reporter = Reporter()
    try:
        module.run(environment, reporter, **options)
    except SettingsError as error:
        return [error, *asked], reporter.said
    return asked, reporter.said


@pytest.mark.parametrize("environment", ["staging", "production"])
@pytest.mark.parametrize(("verb", "options", "words"), CALLS)
def test_outside_local_it_is_refused_with_the_whole_command(
    monkeypatch, verb: str, options: dict, words: str, environment: str
) -> None:
    (error,), _ = play(monkeypatch, verb, environment, **options)
    assert (error.code, error.where, error.found) == (2, words, f"environment {environment}")
    assert error.expected.startswith("--yes, because this ")
    assert error.next == f"./invoke {words} --yes --on {environment}"
    assert play(monkeypatch, verb, environment, yes=True, **options)[0] == [verb]


@pytest.mark.parametrize(("verb", "options", "words"), CALLS)
def test_in_local_it_is_done(monkeypatch, verb: str, options: dict, words: str) -> None:
    asked, said = play(monkeypatch, verb, "local", **options)
    assert asked == [verb]
    assert said == ([] if verb == "fixtures" else ["  ! migrations/3_x.down.sql: was edited"])
