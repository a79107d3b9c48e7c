"""Whatever ends a deploy before its time, hooks/on-failure hears of it once, and the first error stays the error."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from slipway.config import envfile
from slipway.errors import Declined, EngineError, Interrupted, LockHeld, SettingsError
from slipway.release import failure
from slipway.release.record import Record

HOOK = """#!/bin/sh
cat >> heard; echo >> heard
"""


class Lines(list):
    """A reporter that keeps its lines."""

    line = list.append


@pytest.fixture
def root(tmp_path: Path, monkeypatch) -> Path:
    monkeypatch.setattr(failure, "ROOT", tmp_path)
    monkeypatch.setenv("PROJECT", "shop")
    for key in ("POSTGRES", "POSTGRES_MIGRATE", "POSTGRES_APP", "POSTGRES_READONLY", "POSTGRES_BACKUP", "REDIS"):
        monkeypatch.setenv(f"{key}_PASSWORD", f"long-enough-{key.lower()}")
    for key in ("S3_ACCESS_KEY", "S3_SECRET_KEY"):
        monkeypatch.setenv(key, f"long-enough-{key.lower()}")
    (tmp_path / "hooks").mkdir()
    (tmp_path / "hooks" / "on-failure").write_text(HOOK)
    (tmp_path / "hooks" / "on-failure").chmod(0o755)
    return tmp_path


def heard(root: Path) -> list[dict]:
    return [json.loads(line) for line in (root / "heard").read_text().splitlines()]


def test_a_no_is_no_failure_and_nobody_is_told(root):
    with pytest.raises(Declined), failure.announce_failure("local", Lines(), "deploy"):
        raise Declined("shop-production", "no")
    assert not (root / "heard").exists()


@pytest.mark.parametrize(
    ("error", "raised", "result"),
    [
        (LockHeld("lock of shop", "held"), LockHeld, "failed"),
        (EngineError("image app", "exit code 1"), EngineError, "failed"),
        (KeyboardInterrupt(), Interrupted, "interrupted"),
        (ValueError("a fault of ours"), ValueError, "failed"),
    ],
)
def test_a_failure_before_there_is_a_record_is_told_with_what_is_known(root, error, raised, result):
    lines = Lines()
    with pytest.raises(raised), failure.announce_failure("local", lines, "deploy"):
        raise error
    (record,) = heard(root)
    assert (record["id"], record["kind"], record["result"], record["stack"]) == (None, "deploy", result, "shop-local")
    assert record["error"]["found"]
    assert len(lines) == 1 and lines[0].startswith("  hook on-failure: hooks/on-failure ran in ")


def test_a_failure_after_that_is_told_with_the_record(root):
    with pytest.raises(EngineError), failure.announce_failure("local", Lines(), "deploy") as attempt:
        attempt.record = Record(None, "deploy", content={"id": "r0007-abc"}, new=True, result="rolled_back")
        raise EngineError("app-blue", "gone")
    assert heard(root)[0]["id"] == "r0007-abc" and heard(root)[0]["result"] == "rolled_back"


def test_a_hook_that_fails_hides_no_error(root):
    (root / "hooks" / "on-failure").write_text("#!/bin/sh\nexit 3\n")
    lines = Lines()
    with pytest.raises(LockHeld), failure.announce_failure("local", lines, "deploy"):
        raise LockHeld("lock of shop", "held")
    assert lines == ["  hook on-failure: hooks/on-failure: exit code 3"]


def test_settings_that_cannot_be_read_keep_no_failure_from_being_told(root, monkeypatch):
    monkeypatch.setenv("GATE_TIMEOUT", "soon")
    with pytest.raises(SettingsError), failure.announce_failure("staging", Lines(), "deploy"):
        envfile.load(root, "staging", os.environ)
    (record,) = heard(root)
    assert (record["stack"], record["environment"], record["kind"]) == (None, "staging", "deploy")
    assert "GATE_TIMEOUT" in record["error"]["where"]


def test_nothing_is_told_of_what_succeeds(root):
    with failure.announce_failure("local", Lines(), "deploy"):
        pass
    assert not (root / "heard").exists()
