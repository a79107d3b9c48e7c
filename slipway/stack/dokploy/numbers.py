"""Numbers as JavaScript and as Go write them: the same digits, another idea of when an exponent is due."""

from __future__ import annotations

import math


def write_js(value: float) -> str:
    """A number as JSON.stringify gives it (ECMA-262, Number::toString): an exponent from 1e21, and below 1e-6; no -0."""
    if value == 0:
        return "0"
    return written(value, 21, -7, "")


def write_go(value: float) -> str:
    """A number as Go's %v gives it: an exponent of two digits from 1e6, and below 1e-4."""
    if value == 0:
        return "-0" if math.copysign(1, value) < 0 else "0"
    return written(value, 6, -5, "0")


def written(value: float, most: int, least: int, fill: str) -> str:
    """The shortest form of a number that is not 0; powers of ten from `most` and to `least` as exponents."""
    sign = "-" if value < 0 else ""
    digits, power = shortest(abs(value))
    if least < power < 0:
        return f"{sign}0.{'0' * (-power - 1)}{digits}"
    if 0 <= power < most:
        whole, part = digits[: power + 1].ljust(power + 1, "0"), digits[power + 1 :]
        return f"{sign}{whole}.{part}" if part else f"{sign}{whole}"
    point = f"{digits[0]}.{digits[1:]}" if digits[1:] else digits
    size = str(abs(power)).rjust(2, fill) if fill else str(abs(power))
    return f"{sign}{point}e{'-' if power < 0 else '+'}{size}"


def shortest(value: float) -> tuple[str, int]:
    """The fewest digits that tell a positive number, and the power of ten of the first: 1250 is 125 and 3."""
    mantissa, _, exponent = repr(value).partition("e")
    whole, _, part = mantissa.partition(".")
    digits = (whole + part).lstrip("0")
    lost = len(whole + part) - len(digits)
    return digits.rstrip("0"), len(whole) - 1 - lost + int(exponent or 0)
