"""Arguments and answers as plain data, there and back, and the words for what does not fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from slipway.data import wire


@dataclass(frozen=True)
class Part:
    """A part."""

    name: str
    note: str | None = None


@dataclass(frozen=True)
class Other:
    """Another part."""

    number: int


@dataclass(frozen=True)
class Whole:
    """All kinds of fields."""

    id: str
    age: int | None
    seconds: float
    parts: tuple[Part, ...]
    by_name: Mapping[str, Part]
    record: Mapping
    any: Part | Other
    from_: str = "blue"
    done: bool = False


@dataclass(frozen=True)
class Manifest:
    """A record that is open-ended."""

    id: str
    more: Mapping = field(default_factory=dict, metadata=wire.REST)


PLAIN = {
    "id": "r1",
    "age": None,
    "seconds": 1,
    "parts": [{"name": "a", "note": "x"}, {"name": "b"}],
    "by_name": {"c": {"name": "c"}},
    "record": {"any": ["thing", {"at": 1}]},
    "any": {"number": 3},
    "from": "green",
    "done": True,
}


def test_plain_data_comes_back_as_it_was():
    found = wire.decode(Whole, PLAIN, strict=True)
    assert found.parts == (Part("a", "x"), Part("b")) and found.any == Other(3) and found.from_ == "green"
    assert wire.encode(found) == PLAIN


def test_what_has_a_default_may_be_lacking_and_what_is_not_known_is_passed_over():
    told = {name: value for name, value in PLAIN.items() if name not in ("from", "done")}
    assert wire.decode(Whole, told | {"newer": 1}) == wire.decode(Whole, PLAIN | {"from": "blue", "done": False})


def test_what_no_field_names_is_kept_where_there_is_a_place_for_it():
    plain = {"id": "r1", "format": 1, "tools": {"pg_dump": "18"}}
    found = wire.decode(Manifest, plain, strict=True)
    assert found == Manifest("r1", {"format": 1, "tools": {"pg_dump": "18"}}) and wire.encode(found) == plain


@pytest.mark.parametrize(
    ("change", "where", "found", "expected"),
    [
        ({"id": 7}, "id", "int", "str"),
        ({"age": True}, "age", "bool", "int"),
        ({"age": "7"}, "age", "str", "int"),
        ({"seconds": "1"}, "seconds", "str", "float"),
        ({"done": 1}, "done", "int", "bool"),
        ({"parts": "ab"}, "parts", "str", "tuple"),
        ({"parts": [{"name": "a"}, {}]}, "parts[1].name", "missing", "str"),
        ({"by_name": {"c": None}}, "by_name.c", "null", "an object"),
        ({"record": []}, "record", "list", "Mapping"),
        ({"frm": "green"}, "frm", "unknown", ", ".join(PLAIN)),
    ],
)
def test_what_does_not_fit_is_named(change, where, found, expected):
    with pytest.raises(wire.Mismatch) as caught:
        wire.decode(Whole, PLAIN | change, strict=True)
    assert (caught.value.where, caught.value.found, caught.value.expected) == (where, found, expected)
