"""When a container has given up: its restarts are counted for ever, so only those of now tell."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from slipway.engine.docker import colours


@pytest.mark.parametrize(
    ("status", "restarts", "up_for", "said"),
    [
        ("running", 0, 1, ""),
        ("running", 2, 1, ""),
        ("running", 3, 1, "3 restarts"),
        ("running", 3, 60, ""),
        ("restarting", 3, 60, "3 restarts; it ended with code 7"),
        ("exited", 0, 60, "it ended with code 7"),
        ("dead", 5, 60, "5 restarts; it ended with code 7"),
    ],
)
def test_a_container_has_given_up(status, restarts, up_for, said):
    state = {
        "Status": status,
        "Running": status == "running",
        "ExitCode": 7,
        "StartedAt": "2026-11-25T10:00:00.123456789Z",
    }
    api = SimpleNamespace(
        inspect_container=lambda container: {"RestartCount": restarts, "State": state},
        info=lambda: {"SystemTime": f"2026-11-25T12:{up_for // 60:02}:{up_for % 60:02}.5+02:00"},
    )
    assert colours.describe_end(SimpleNamespace(api=SimpleNamespace(api=api)), "app") == said
