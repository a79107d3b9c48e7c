"""The difference between a field that is to be null and one that is to stay as it is."""

from __future__ import annotations

from dataclasses import fields
from enum import Enum
from typing import Any


class Unset(Enum):
    """The value of a field that a change leaves as it is."""

    UNSET = "unset"


UNSET = Unset.UNSET


def given(changes: Any) -> dict[str, Any]:
    """The fields of a dataclass that are not UNSET, by name."""
    values = {each.name: getattr(changes, each.name) for each in fields(changes)}
    return {name: value for name, value in values.items() if value is not UNSET}
