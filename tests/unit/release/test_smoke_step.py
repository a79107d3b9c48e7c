"""The smoke test as a step: its engine is there before a plan stands, and only where one is wanted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from slipway.environment import Environment
from slipway.errors import VerificationError
from slipway.release import smoke_test
from slipway.stack import model
from tests.support.postman import ask, collection
from tests.unit.conftest import settings_of


def env(root: Path, **values: object) -> Environment:
    settings = settings_of(**values)
    return Environment(root, settings.environment, settings, model.build(settings), None, "")


@pytest.fixture
def installed(monkeypatch) -> list[str]:
    """The lists that were installed; none was before."""
    found: list[str] = []
    monkeypatch.setattr(smoke_test.requirements, "needs_install", lambda root, name: name not in found)
    monkeypatch.setattr(smoke_test.requirements, "install", lambda root, name, progress: found.append(name))
    return found


def test_an_app_without_a_collection_needs_no_engine_of_scripts(tmp_path: Path, installed):
    assert smoke_test.level(env(tmp_path)) == () and installed == []


def test_a_collection_that_cannot_be_run_stops_the_plan_with_the_engine_there(tmp_path: Path, installed):
    (tmp_path / "mine.json").write_text(json.dumps(collection(ask("x", "/a", "if ("))))
    with pytest.raises(VerificationError, match="x: line 1"):
        smoke_test.level(env(tmp_path, smoke_collection="mine.json"))
    assert installed == ["smoke"]


def test_a_collection_that_can_be_run_is_a_step(tmp_path: Path, installed):
    (tmp_path / "mine.json").write_text(json.dumps(collection(ask("x", "/a", "pm.test('a', () => {});"))))
    (made,) = smoke_test.level(env(tmp_path, smoke_collection="mine.json"))
    assert made.name == "smoke test" and installed == ["smoke"]
