"""Two JSON values, compared by what they mean: each place where they differ, and never what stands there. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from decimal import Decimal

PLAIN = re.compile(r"[A-Za-z_][\w-]*")
KINDS = {
    type(None): "null",
    bool: "boolean",
    int: "number",
    float: "number",
    Decimal: "number",
    str: "string",
    list: "array",
    dict: "object",
}


def read(text: str) -> object:
    """The value of a JSON text, its numbers to their last digit. Raises ValueError and RecursionError."""
    return json.loads(text, parse_float=Decimal, parse_int=Decimal, parse_constant=refuse)


def refuse(word: str) -> None:
    raise ValueError(f"{word} is no JSON")


def kind(value: object) -> str:
    """What JSON calls a value of this type."""
    return KINDS[type(value)]


def same(one: object, other: object) -> bool:
    """Whether they mean the same: 1 is 1.0 and not true, whatever the order of an object's keys."""
    return meaning(one) == meaning(other)


def meaning(value: object) -> Hashable:
    """Something that is equal for values that mean the same."""
    if isinstance(value, dict):
        return "object", frozenset((key, meaning(each)) for key, each in value.items())
    if isinstance(value, list):
        return "array", tuple(map(meaning, value))
    return kind(value), value


def differences(expected: object, found: object, place: str = "$") -> Iterator[str]:
    """A sentence for each place where what was found is not what was expected; no sentence has a value."""
    if kind(expected) != kind(found):
        yield f"{place}: {kind(found)} instead of {kind(expected)}"
    elif isinstance(expected, dict):
        yield from of_objects(expected, found, place)
    elif isinstance(expected, list) and len(expected) != len(found):
        yield from of_lengths(expected, found, place)
    elif isinstance(expected, list):
        for index, pair in enumerate(zip(expected, found, strict=True)):
            yield from differences(*pair, f"{place}[{index}]")
    elif expected != found:
        yield f"{place}: another value"


def of_objects(expected: Mapping, found: Mapping, place: str) -> Iterator[str]:
    for key in [*expected, *(key for key in found if key not in expected)]:
        step = below(place, key)
        if key not in found:
            yield f"{step}: missing"
        elif key not in expected:
            yield f"{step}: there, but not expected"
        else:
            yield from differences(expected[key], found[key], step)


def of_lengths(expected: Sequence, found: Sequence, place: str) -> Iterator[str]:
    """Of arrays of other lengths the elements that the other one has nowhere: the rest has only moved."""
    yield f"{place}: {len(found)} elements instead of {len(expected)}"
    for one, other, what in ((expected, found, "missing"), (found, expected, "there, but not expected")):
        known = set(map(meaning, other))
        yield from (f"{place}[{index}]: {what}" for index, each in enumerate(one) if meaning(each) not in known)


def below(place: str, key: str) -> str:
    """The path of a key, quoted where it is no plain name."""
    step = f".{key}" if PLAIN.fullmatch(key) else f"[{json.dumps(key, ensure_ascii=False)}]"
    return f"{place}{step}" if place else step.removeprefix(".")
