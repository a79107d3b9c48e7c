"""The lock of a Docker engine: whose clock decides that it was left behind."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from slipway.engine.docker import lock


def engine(time: str) -> SimpleNamespace:
    """A connection to an engine that says what time it is."""
    return SimpleNamespace(api=SimpleNamespace(api=SimpleNamespace(info=lambda: {"SystemTime": time})))


def found(status: str, created: str) -> dict:
    return {"State": {"Status": status}, "Created": created}


@pytest.mark.parametrize(
    ("status", "created", "now", "left"),
    [
        ("created", "2026-11-25T17:00:00.123456789Z", "2026-11-25T17:00:29.9Z", False),
        ("created", "2026-11-25T17:00:00.123456789Z", "2026-11-25T17:00:31Z", True),
        ("created", "2026-11-25T17:00:00Z", "2026-11-25T19:00:10.5+02:00", False),
        ("created", "2026-11-25T17:00:00Z", "2026-11-25T19:00:31+02:00", True),
        ("running", "2026-11-25T17:00:00Z", "2026-11-25T19:00:00Z", False),
    ],
)
def test_a_lock_that_never_started_is_nobodys_once_the_engine_says_so(status, created, now, left):
    assert lock.never_started(engine(now), found(status, created)) is left
