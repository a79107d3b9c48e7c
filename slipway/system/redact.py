"""Text that never prints."""

from __future__ import annotations

from dataclasses import dataclass

MASK = "•••"
SHORTEST_MASKED = 4  # masking a one-letter password would garble every sentence and hide nothing


@dataclass(frozen=True)
class Secret:
    """Text that prints as •••; `.value` is the text."""

    value: str = ""

    def __repr__(self) -> str:
        return MASK if self.value else ""

    __str__ = __repr__

    def __bool__(self) -> bool:
        return bool(self.value)


NO_SECRET = Secret()
