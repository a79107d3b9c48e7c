"""What a scalar is to Compose before and after Dokploy has read the file as JavaScript's YAML and written it again.

Dokploy parses a compose file with the npm package `yaml` (core schema of YAML 1.2) and writes it with the same package:
quotes are dropped where that schema needs none. Compose reads the result with Go's YAML, to which more is a number.
Not looked at: U+0085, U+2028 and U+2029, which end a line to YAML 1.1 alone.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from slipway.stack.dokploy.go_values import Unreadable, Value, format_value, resolve
from slipway.stack.dokploy.numbers import write_js

# https://yaml.org/spec/1.2.2/#103-core-schema, as the package `yaml` 2.8.1 tests for it.
NULL = re.compile(r"(?:~|[Nn]ull|NULL)?")
BOOL = re.compile(r"[Tt]rue|TRUE|[Ff]alse|FALSE")
OCTAL = re.compile(r"0o[0-7]+")
INT = re.compile(r"[-+]?[0-9]+")
HEX = re.compile(r"0x[0-9a-fA-F]+")
INFINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.nan|\.NaN|\.NAN")
FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*)|[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)[eE][-+]?[0-9]+")
CORE = (NULL, BOOL, OCTAL, INT, HEX, INFINITE, FLOAT)
# Text that the package does not write without quotes, whatever it says.
NEVER_PLAIN = re.compile(
    r"""^[\n\t ,\[\]{}#&*!|>'"%@`]|^[?-]\Z|^[?-][ \t]|[\n:][ \t]|[ \t]\n|[\n\t ]#|[\n\t :]\Z"""
    r"""|[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]"""
)
# Several lines that it writes in quotes, not as a block.
IN_QUOTES = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]|\n[\t ]+\Z")
STR = "tag:yaml.org,2002:str"


@dataclass(frozen=True)
class Change:
    """A scalar that is another one after Dokploy has written the file: what Compose reads before and after."""

    before: Value
    after: Value


def find_change(text: str, plain: bool, tag: str = "", key: bool = False) -> Change | None:
    """How a scalar changes for Compose, None if it does not; `plain` without quotes, `key` of a mapping."""
    before = resolve(text) if plain and tag != STR else text
    after = rewrite(text, plain, tag, key)
    return None if same(before, after) else Change(before, after)


def rewrite(text: str, plain: bool, tag: str = "", key: bool = False) -> Value:
    """What Compose reads of a scalar that Dokploy has written anew."""
    value = read(text, plain, tag)
    if key:
        value = name(value)
    if not isinstance(value, str):
        return resolve(write_value(value))
    if "\n" in value and not key:
        return read_block(value)
    return resolve(value) if stays_plain(value) else value


def read(text: str, plain: bool, tag: str = "") -> bool | float | str | None:
    """The JavaScript value of a scalar in the core schema: every number is a double."""
    if not plain or tag == STR:
        return text
    if NULL.fullmatch(text):
        return None
    if BOOL.fullmatch(text):
        return text[0] in "tT"
    if INFINITE.fullmatch(text):
        return math.nan if text[-1] in "nN" else math.copysign(math.inf, -1 if text[0] == "-" else 1)
    for pattern, base in ((OCTAL, 8), (HEX, 16)):
        if pattern.fullmatch(text):
            return double(int(text[2:], base))
    return float(text) if INT.fullmatch(text) or FLOAT.fullmatch(text) else text


def double(number: int) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.inf


def name(value: bool | float | str | None) -> str:
    """A value as the name of a property, which is what a key of a mapping becomes."""
    if value is None:
        return ""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value if isinstance(value, str) else write_value(value)


def write_value(value: bool | float | None) -> str:
    """What the package writes for a value that is no text."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if math.isinf(value) or math.isnan(value):
        return ".nan" if math.isnan(value) else ".inf" if value > 0 else "-.inf"
    return write_js(value)


def read_block(text: str) -> Value:
    """What Compose reads of several lines, written as a block that says its indentation only before spaces."""
    if IN_QUOTES.search(text):
        return text
    if not text.strip(" \t\n"):
        return Unreadable() if "\t" in text else text.replace(" ", "")
    return Unreadable() if text.lstrip("\n").startswith("\t") else text


def stays_plain(text: str) -> bool:
    """Whether the package writes a text without quotes; what Go's YAML then makes of it is nothing it knows."""
    return not (NEVER_PLAIN.search(text) or "\n" in text or any(pattern.fullmatch(text) for pattern in CORE))


def same(before: Value, after: Value) -> bool:
    if isinstance(before, float) and isinstance(after, float) and math.isnan(before) and math.isnan(after):
        return True
    alike = isinstance(before, bool) == isinstance(after, bool) and before == after
    return alike and format_value(before) == format_value(after)
