"""Kinds of values that requests hold."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, StringConstraints


def line(longest: int) -> Any:
    """One line of 1 to `longest` characters; blanks around it are dropped."""
    rule = StringConstraints(strip_whitespace=True, min_length=1, max_length=longest, pattern=r"^[^\x00\r\n]*$")
    return Annotated[str, rule]


def text(longest: int) -> Any:
    """Any text that Postgres can store, also empty."""
    return Annotated[str, StringConstraints(max_length=longest, pattern=r"^[^\x00]*$")]


def written(value: Any) -> Any:
    """`value` when it is text: pydantic would take a number for a moment too."""
    if not isinstance(value, str):
        raise ValueError("must be a date-time with an offset, such as 2027-01-31T18:00:00Z")
    return value


def in_utc(moment: datetime) -> datetime:
    """`moment` in UTC."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("must lie in the years 1 to 9999 in UTC") from None


Moment = Annotated[AwareDatetime, BeforeValidator(written), AfterValidator(in_utc)]


DEEPEST = 20  # levels of a document


def storable(value: Any, depth: int = 0) -> Any:
    """`value` when Postgres can keep it as jsonb, which has no NUL and no half of a surrogate pair in its text."""
    if depth > DEEPEST:
        raise ValueError(f"must not be nested deeper than {DEEPEST} levels")
    if isinstance(value, str) and ("\0" in value or any("\ud800" <= each <= "\udfff" for each in value)):
        raise ValueError("must not hold NUL or half of a surrogate pair")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("must not hold NaN or Infinity")
    for each in (*value, *value.values()) if isinstance(value, dict) else value if isinstance(value, list) else ():
        storable(each, depth + 1)
    return value


Document = Annotated[dict[str, Any], AfterValidator(storable)]
"""A JSON object that Postgres can keep as jsonb."""
