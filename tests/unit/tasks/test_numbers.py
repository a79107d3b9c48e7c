"""Numbers as they are typed behind the tasks of db."""

from __future__ import annotations

import pytest
from invoke import Exit

from slipway.tasks import db, shared


@pytest.mark.parametrize(("typed", "given"), [("-1", -1), ("0", 0), ("7", 7), (None, None)])
def test_adopt_takes_a_version_or_minus_one_for_nothing_applied(monkeypatch, typed: str | None, given) -> None:
    heard: list[dict] = []
    monkeypatch.setattr(db, "perform", lambda verb, on, **options: heard.append(options))
    db.adopt.body(None, version=typed)
    assert heard == [{"version": given, "wait": None}]


@pytest.mark.parametrize("typed", ["-2", "--1", "1.5", "", "one", "²"])
def test_adopt_refuses_what_is_no_version(typed: str) -> None:
    with pytest.raises(Exit) as caught:
        db.adopt.body(None, version=typed)
    assert caught.value.code == 2 and "-1" in caught.value.message


@pytest.mark.parametrize("typed", ["-1", "x", "²"])
def test_a_number_of_any_other_flag_is_not_below_zero(typed: str) -> None:
    with pytest.raises(Exit, match="--steps"):
        shared.number("steps", typed)
