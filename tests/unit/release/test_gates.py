"""What a failed app is told from its log."""

import pytest

from slipway.config.settings import Settings
from slipway.release import gates


@pytest.mark.parametrize(
    "line",
    [
        "OSError: [Errno 30] Read-only file system: '/app/cache'",
        "Error: EROFS: read-only file system, mkdir '/app/.next/cache'",
        "open /data/x: read-only file system",
        "Errno::EROFS",
    ],
)
def test_an_app_that_fails_because_it_cannot_write_is_told_the_settings(line: str) -> None:
    said = gates.mend(Settings(), ["starting", line])
    assert "APP_WRITABLE" in said and "APP_READ_ONLY=false" in said
    assert gates.mend(Settings(app_read_only=False), [line]) == "mend what its log says"


def test_any_other_failure_is_said_by_the_log_alone() -> None:
    assert gates.mend(Settings(), ["KeyError: 'EROFSX'"]) == "mend what its log says"
