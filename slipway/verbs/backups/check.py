"""`backups.check`: for monitoring and CI: is there a proven backup that is young enough?"""

from __future__ import annotations

import re

from slipway.data.backups.interface import CHECK, Check
from slipway.data.wire import encode
from slipway.environment import enter
from slipway.errors import SettingsError
from slipway.plan import Silent

UNITS = {"s": 1, "min": 60, "h": 3600, "d": 86400}


def run(on: str, reporter, max_age: str = "26h") -> None:
    """Raises VerificationError (exit 8) when the newest proven backup is older, or a scheduled one was missed."""
    env = enter(on)
    found = env.engine.inside(CHECK, Check(seconds(max_age)), Silent())
    reporter.done(f"{found.id} is proven and {found.age / 3600:.1f} h old.", **encode(found))


def seconds(text: str) -> int:
    """An age such as 26h, 90min or 2d in seconds. Raises SettingsError."""
    match = re.fullmatch(r"(\d{1,6})(s|min|h|d)", text)
    if not match or not int(match[1]):
        raise SettingsError(
            "--max-age", text, "a time such as 26h, 90min or 2d", "./invoke backups.check --max-age 26h"
        )
    return int(match[1]) * UNITS[match[2]]
