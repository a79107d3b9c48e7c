"""What a scalar without quotes is to Compose: Go's YAML (gopkg.in/yaml.v3, resolve.go) reads YAML 1.1's numbers too."""

from __future__ import annotations

import math
import re
from calendar import monthrange
from dataclasses import dataclass

from slipway.stack.dokploy.numbers import write_go

INT = re.compile(r"[-+]?(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+|0[0-7]*|[1-9][0-9]*)")
FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
LOOSE = re.compile(r"(?<![0-9])_|_(?![0-9])")  # an underscore that is not between digits
DAY = r"(\d{4})-(\d{1,2})-(\d{1,2})"
CLOCK = r"(\d{1,2}):(\d{1,2}):(\d{1,2})(?:[.,]\d+)?"
TIMES = tuple(
    re.compile(form, re.ASCII) for form in (DAY, f"{DAY} +{CLOCK}", f"{DAY}[Tt]{CLOCK}(?:Z|[-+](\\d\\d):(\\d\\d))")
)
WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((f"{sign}{inf}" for sign in ("", "+") for inf in (".inf", ".Inf", ".INF")), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}
LONGEST = 4000  # what Python takes as digits; more than 64 bits it is anyway, but for zeros in front
PREFIXES = {"x": 16, "b": 2, "o": 8}


@dataclass(frozen=True)
class Date:
    """A point in time: nothing in a compose file may be one."""

    text: str


@dataclass(frozen=True)
class Unreadable:
    """A text in a form that Go's YAML does not read: the whole file is refused."""


Value = None | bool | int | float | str | Date | Unreadable


def resolve(text: str) -> Value:
    """The value of a scalar without quotes."""
    if text in WORDS:
        return WORDS[text]
    if text[0] == ".":
        # Read by strconv.ParseFloat alone, to which an underscore stands between digits.
        return floating(text if LOOSE.search(text) else text.replace("_", ""), text)
    if text[0] not in "+-0123456789":
        return text
    if is_date(text):
        return Date(text)
    bare = text.replace("_", "")
    if INT.fullmatch(bare) and len(bare) < LONGEST:
        number = integer(bare)
        if -(2**63) <= number < 2**64 and not (bare[0] == "+" and number >= 2**63):
            return number
    return floating(bare, text)


def floating(bare: str, text: str) -> float | str:
    """A number with a point or an exponent; a text where it is none, or more than a double holds."""
    if FLOAT.fullmatch(bare) and math.isfinite(number := float(bare)):
        return number
    return text


def integer(text: str) -> int:
    """A whole number with the prefixes of Go's literals, where a leading 0 alone means octal."""
    sign = -1 if text[0] == "-" else 1
    digits = text.lstrip("+-").lower()
    if digits[:1] == "0" and len(digits) > 1:
        return sign * (int(digits[2:], PREFIXES[digits[1]]) if digits[1] in PREFIXES else int(digits, 8))
    return sign * int(digits)


def is_date(text: str) -> bool:
    """Whether a text is a time in one of the forms that Go's YAML takes: a day, with a clock, with a time zone."""
    if not (found := next(filter(None, (form.fullmatch(text) for form in TIMES)), None)):
        return False
    year, month, day, *clock = (int(part or 0) for part in found.groups())
    if not 1 <= month <= 12 or not 1 <= day <= monthrange(year or 2000, month)[1]:
        return False
    return all(part <= most for part, most in zip(clock, (23, 59, 59, 24, 59), strict=False))


def format_value(value: Value) -> str:
    """A value as Compose puts it where text is asked for, as in the environment (Go's %v)."""
    if isinstance(value, Date):
        return value.text
    return write_go(value) if isinstance(value, float) and math.isfinite(value) else str(value)
