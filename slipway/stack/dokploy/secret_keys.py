"""Names of variables whose values are not shown: more of them than need it, in files that are not ours."""

from __future__ import annotations

import re

from slipway.config.credentials import NAMED, hides

ALSO = re.compile("pass|phrase|cred|pin$|otp|cert|session|cookie|sign|hash|webhook|license", re.IGNORECASE)


def secret_key(key: str) -> bool:
    """Whether a variable is named like a secret."""
    return bool(NAMED.search(key) or ALSO.search(key))


def secret_value(key: str, value: str) -> bool:
    """Whether a value may be a secret: its key is named like one, or it is more than a word or a number."""
    return secret_key(key) or hides(key, value)
