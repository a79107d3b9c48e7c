"""What db.status makes of what the data side answers."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from slipway.data.migrations.interface import Mirror, Row, Status
from slipway.errors import MigrationError
from slipway.verbs.db import status


class Reporter:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def header(self, text: str) -> None: ...

    def line(self, text: str) -> None:
        self.said.append(text)

    def done(self, text: str, **fields: object) -> None:
        self.said.append(text)


def env_with(*states: str) -> SimpleNamespace:
    """An environment whose database has one migration in each of those states, and no problem besides."""
    rows = [
        Row(number, "x", f"migrations/{number}_x.sql", state, True, "", False, None, None, None, None)
        for number, state in enumerate(states, 1)
    ]
    answer = Status(1, tuple(rows), (), Mirror(1, False), None)
    return SimpleNamespace(header="", flag="", engine=SimpleNamespace(inside=lambda verb, args, progress: answer))


@pytest.mark.parametrize("state", ["pending", "unfinished", "out_of_order", "missing", "edited"])
def test_status_with_an_exit_code_fails_for_every_state_but_applied(monkeypatch, state: str) -> None:
    monkeypatch.setattr(status, "enter", lambda on: env_with("applied", "baseline", state))
    reporter = Reporter()
    with pytest.raises(MigrationError) as caught:
        status.run("local", reporter, strict=True)
    assert f"1 {state}" in caught.value.found and f"1 {state}" in reporter.said[-1]


def test_status_with_an_exit_code_is_content_with_applied_and_baseline(monkeypatch) -> None:
    monkeypatch.setattr(status, "enter", lambda on: env_with("baseline", "applied"))
    reporter = Reporter()
    status.run("local", reporter, strict=True)
    assert reporter.said[-1].startswith("1 applied, 1 baseline, 0 pending")
