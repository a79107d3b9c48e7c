"""Which schema versions a release reads, as its image's label says: `5`, `5-9`, or `5-` for 5 and every later one."""

from __future__ import annotations

import re
from dataclasses import dataclass

from slipway.errors import SettingsError

LABEL = "slipway.schema"
FORM = re.compile(r"(?P<low>\d+)(?P<open>-(?P<high>\d+)?)?")


@dataclass(frozen=True)
class Accepts:
    """From one version to another, both included; `high` None has no end."""

    low: int
    high: int | None

    def reads(self, version: int | None) -> bool:
        """Whether the release reads a database at this version; None is one without migrations."""
        return version is not None and self.low <= version and (self.high is None or version <= self.high)


def parse(text: str, image: str = "the image") -> Accepts | None:
    """The range that a label declares; None for an empty one. Raises SettingsError for any other text."""
    if not text:
        return None
    found = FORM.fullmatch(text.strip())
    low = int(found["low"]) if found else 0
    high = (int(found["high"]) if found["high"] else None if found["open"] else low) if found else None
    if not found or (high is not None and high < low):
        raise SettingsError(
            f"label {LABEL} of {image}",
            text,
            "a migration's number or a range of them: 5, 5-9, or 5- for 5 and later",
            f'LABEL {LABEL}="5-" in its Dockerfile',
        )
    return Accepts(low, high)
