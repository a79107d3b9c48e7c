"""How processes are told of each other: where each listens, and how a value is said."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

# Host and port of each store by its name, and the URL of the app where it is not behind the gateway.
Addresses = Mapping[str, str]


@dataclass(frozen=True)
class Voice:
    """How values are said: as references in a rendered file, or in the clear to a process."""

    literal: Callable[[str], str]
    secret: Callable[[str], str]


# Compose expands $ in every value, so a literal one is doubled.
REFERENCES = Voice(
    lambda value: value.replace("$", "$$"), lambda key: f"${{{key}:?{key} is not set; ./invoke up sets it}}"
)
