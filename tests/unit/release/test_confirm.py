"""The name of the stack that loses data: who has to say it, where, and what is said to who did not."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from slipway.errors import SettingsError
from slipway.release import confirm
from slipway.stack import model
from tests.unit.conftest import settings_of

BECAUSE = "this deletes rows"


def env(environment: str) -> SimpleNamespace:
    settings = settings_of(environment=environment, project="shop")
    flag = "" if settings.local else f" --on {environment}"
    return SimpleNamespace(settings=settings, stack=model.build(settings), flag=flag)


def ask(monkeypatch, environment: str, yes: confirm.Yes, typed: str | None = None, how=confirm.by_name) -> None:
    """As if `typed` were answered at a terminal, or without one."""
    monkeypatch.setattr("sys.stdin.isatty", lambda: typed is not None)
    monkeypatch.setattr("builtins.input", lambda prompt: typed)
    how(env(environment), yes, "down --volumes", BECAUSE)


@pytest.mark.parametrize(
    ("environment", "yes", "typed"),
    [
        ("local", True, None),
        ("local", "shop-local", None),
        ("local", False, "shop-local"),
        ("live", "shop-live", None),
        ("live", False, "shop-live"),
        ("live", False, " shop-live "),
    ],
)
def test_the_stack_that_was_named_loses_its_data(monkeypatch, environment: str, yes: confirm.Yes, typed: str | None):
    ask(monkeypatch, environment, yes, typed)


@pytest.mark.parametrize(
    ("environment", "yes", "found", "again"),
    [
        ("local", False, "no --yes", "./invoke down --volumes --yes"),
        ("local", "latest", "--yes latest", "./invoke down --volumes --yes shop-local"),
        ("live", False, "no --yes", "./invoke down --volumes --yes shop-live --on live"),
        ("live", True, "--yes without a name", "./invoke down --volumes --yes shop-live --on live"),
        ("live", "shop-staging", "--yes shop-staging", "./invoke down --volumes --yes shop-live --on live"),
    ],
)
def test_without_a_terminal_it_is_refused_with_the_whole_command(monkeypatch, environment, yes, found, again):
    with pytest.raises(SettingsError) as caught:
        ask(monkeypatch, environment, yes)
    error = caught.value
    assert (error.code, error.found, error.next) == (2, found, again)
    assert error.expected.startswith("--yes") and error.expected.endswith(BECAUSE)


@pytest.mark.parametrize("yes", [True, "shop-staging", "live"])
def test_a_terminal_is_not_asked_when_another_name_was_given(monkeypatch, yes: confirm.Yes):
    with pytest.raises(SettingsError) as caught:
        ask(monkeypatch, "live", yes, "shop-live")
    assert "shop-live" in caught.value.expected


def test_who_leaves_the_question_has_typed_another_name(monkeypatch):
    def leave(prompt: str) -> str:
        raise EOFError

    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", leave)
    with pytest.raises(SettingsError, match="another name"):
        confirm.by_name(env("live"), False, "restore a", BECAUSE)


@pytest.mark.parametrize("typed", ["", "shop", "yes", "shop-local"])
def test_another_name_at_the_terminal_touches_nothing(monkeypatch, typed: str):
    with pytest.raises(SettingsError, match="another name"):
        ask(monkeypatch, "live", False, typed)


def test_what_asks_outside_local_alone_still_refuses_another_name(monkeypatch):
    ask(monkeypatch, "local", False, how=confirm.outside_local)
    for environment, yes in (("local", "shop-live"), ("live", False), ("live", True)):
        with pytest.raises(SettingsError):
            ask(monkeypatch, environment, yes, how=confirm.outside_local)
