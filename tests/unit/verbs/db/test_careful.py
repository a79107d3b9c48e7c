"""What takes data away or adds demo data is done outside the local environment only when it was said twice."""

from __future__ import annotations

import importlib
from contextlib import nullcontext
from types import SimpleNamespace

import pytest

from slipway.data.verb import Verb
from slipway.errors import SettingsError
from slipway.stack import model
from tests.support.fakes import answer
from tests.unit.conftest import settings_of


def row(version: int, applied_at: str | None = "then") -> dict:
    """A row of `db.status`."""
    empty = dict.fromkeys(("by", "ms", "release"))
    rest = {"state": "applied", "reversible": True, "note": "", "compatible": False}
    return {
        "version": version,
        "name": "x",
        "file": f"migrations/{version}_x.up.sql",
        "applied_at": applied_at,
        **rest,
        **empty,
    }


MIRROR = {"version": None, "dirty": False}
FILE = {"version": 3, "name": "x", "file": "migrations/3_x.down.sql", "ms": 1.0, "note": "was edited"}
ANSWERS = {
    "fixtures": {"loaded": [{"file": "fixtures/1_x.sql", "rows": 2, "ms": 1.0}], "kept": 0},
    "rollback": {"rolled_back": [FILE], "version": 2},
    "goto": {"applied": [], "rolled_back": [FILE], "version": 2},
    "redo": {"applied": [FILE | {"note": ""}], "rolled_back": [FILE], "version": 3},
    "status": {
        "version": 3,
        "rows": [row(2), row(3), row(4, applied_at=None)],
        "problems": [],
        "mirror": MIRROR,
        "unfinished": None,
    },
}
# Verb, what it is called with, how it is said again.
CALLS = [
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
    stack = model.build(settings)
    flag = "" if environment == "local" else f" --on {environment}"
    monkeypatch.setattr(
        module, "enter", lambda on: SimpleNamespace(header="", flag=flag, engine=engine, settings=settings, stack=stack)
    )
    reporter = Reporter()
    try:
        module.run(environment, reporter, **options)
    except SettingsError as error:
        return [error, *asked], reporter.said
    return asked, reporter.said


@pytest.mark.parametrize(("verb", "options", "words"), CALLS)
def test_outside_local_it_is_refused_with_what_would_go_and_the_whole_command(
    monkeypatch, verb: str, options: dict, words: str
) -> None:
    (error, *_), said = play(monkeypatch, verb, "live", **options)
    assert (error.code, error.where, error.found) == (2, words, "no --yes")
    assert error.next == f"./invoke {words} --yes slipway-live --on live"
    gone = ["  undoes migrations/3_x.up.sql, applied then"]
    assert said == (gone if options.get("steps", 1) == 1 else [*gone, "  undoes migrations/2_x.up.sql, applied then"])
    (error, *_), _ = play(monkeypatch, verb, "live", yes=True, **options)
    assert error.found == "--yes without a name"
    assert play(monkeypatch, verb, "live", yes="slipway-live", **options)[0] == ["status", verb]


def test_going_up_alone_needs_no_name(monkeypatch) -> None:
    assert play(monkeypatch, "goto", "live", version=4) == (
        ["status", "goto"],
        ["  ! migrations/3_x.down.sql: was edited"],
    )


@pytest.mark.parametrize(("only", "words"), [(None, "db.fixtures"), ("1_x", "db.fixtures --only 1_x")])
def test_demo_data_outside_local_needs_a_yes(monkeypatch, only: str | None, words: str) -> None:
    (error,), _ = play(monkeypatch, "fixtures", "live", only=only)
    assert (error.code, error.where, error.next) == (2, words, f"./invoke {words} --yes --on live")
    assert play(monkeypatch, "fixtures", "live", only=only, yes=True)[0] == ["fixtures"]
    assert play(monkeypatch, "fixtures", "local", only=only)[0] == ["fixtures"]


@pytest.mark.parametrize(("verb", "options", "words"), CALLS)
def test_in_local_it_is_done(monkeypatch, verb: str, options: dict, words: str) -> None:
    asked, said = play(monkeypatch, verb, "local", **options)
    assert asked == [verb]
    assert said == ["  ! migrations/3_x.down.sql: was edited"]
