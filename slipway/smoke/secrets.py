"""What of a smoke test's variables no error may show: an app may send back what it was sent."""

from __future__ import annotations

import re
from collections.abc import Mapping

from slipway.system.redact import Secret

NAMED = re.compile("token|secret|password|key", re.IGNORECASE)


def bare(variables: Mapping[str, object]) -> dict[str, object]:
    """Variables as scripts see them."""
    return {name: value.value if isinstance(value, Secret) else value for name, value in variables.items()}


def secrets(variables: Mapping[str, object]) -> set[str]:
    """The values that are hidden in Postman too, and those of variables that are named like secrets."""
    named = {str(value) for name, value in variables.items() if NAMED.search(name) and isinstance(value, str | int)}
    return named | {value.value for value in variables.values() if isinstance(value, Secret)}
