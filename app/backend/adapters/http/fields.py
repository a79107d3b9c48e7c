"""Kinds of values that requests hold."""

from __future__ import annotations

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
