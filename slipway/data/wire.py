"""Arguments and answers as plain data, for JSON: dataclasses as objects, tuples as lists.

A field that may be left out has None as its default, and is left out when it is None. A name that Python keeps for
itself has an underscore behind it here, and none there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")
REST = {"rest": True}  # metadata of a field that holds what the others do not name


class Mismatch(ValueError):
    """Plain data that is not of the form which was asked for: which part of it, what it is, what it should be."""

    def __init__(self, where: str, found: str, expected: str):
        super().__init__(f"{where}: {found}, not {expected}")
        self.where, self.found, self.expected = where, found, expected


def encode(value: Any) -> Any:
    """The value as plain data."""
    if is_dataclass(value):
        plain: dict[str, Any] = {}
        for each in fields(value):
            if each.metadata == REST:
                plain |= getattr(value, each.name)
            elif not ((it := getattr(value, each.name)) is None and each.default is None):
                plain[each.name.rstrip("_")] = encode(it)
        return plain
    if isinstance(value, tuple | list):
        return [encode(each) for each in value]
    if isinstance(value, Mapping):
        return {name: encode(each) for name, each in value.items()}
    return value


def decode(kind: type[T], told: Any, strict: bool = False, where: str = "") -> T:
    """A value of that kind. Raises Mismatch for another form; `strict` also where there is more than is known of."""
    return value_of(kind, told, strict, where)


def value_of(kind: Any, told: Any, strict: bool, where: str) -> Any:
    origin = get_origin(kind) or kind
    if origin in (Union, UnionType):
        return first_fit(get_args(kind), told, strict, where)
    if is_dataclass(origin):
        return object_of(origin, told, strict, where)
    if origin is tuple and isinstance(told, list | tuple):
        return tuple(value_of(get_args(kind)[0], each, strict, f"{where}[{n}]") for n, each in enumerate(told))
    if issubclass(origin, Mapping) and isinstance(told, Mapping):
        each_kind = (get_args(kind) or (str, object))[1]
        return {name: value_of(each_kind, each, strict, f"{where}.{name}") for name, each in told.items()}
    accepted = (int, float) if origin is float else origin
    if origin is Any or (isinstance(told, accepted) and (origin in (bool, object) or not isinstance(told, bool))):
        return told
    raise Mismatch(where.lstrip("."), describe(told), {NoneType: "null"}.get(origin, origin.__name__))


def first_fit(kinds: tuple[Any, ...], told: Any, strict: bool, where: str) -> Any:
    """As the one of the kinds that fits; null where that may be, else the first kind says what is wrong."""
    if told is None and NoneType in kinds:
        return None
    wrong: list[Mismatch] = []
    for kind in (each for each in kinds if each is not NoneType):
        try:
            return value_of(kind, told, strict, where)
        except Mismatch as error:
            wrong.append(error)
    raise wrong[0]


def object_of(kind: Any, told: Any, strict: bool, where: str) -> Any:
    if not isinstance(told, Mapping):
        raise Mismatch(where.lstrip("."), describe(told), "an object")
    values: dict[str, Any] = {}
    form = form_of(kind)
    for name, (field, wanted, needed) in form.items():
        if name in told:
            values[field] = value_of(wanted, told[name], strict, f"{where}.{name}")
        elif needed:
            raise Mismatch(f"{where}.{name}".lstrip("."), "missing", getattr(wanted, "__name__", str(wanted)))
    if rest := next((each.name for each in fields(kind) if each.metadata == REST), ""):
        values[rest] = {name: each for name, each in told.items() if name not in form}
    elif strict and (more := [name for name in told if name not in form]):
        raise Mismatch(f"{where}.{more[0]}".lstrip("."), "unknown", ", ".join(form) or "nothing")
    return kind(**values)


@cache
def form_of(kind: Any) -> dict[str, tuple[str, Any, bool]]:
    """Field, type and whether it must be there, by the name that the plain data has for it."""
    hints = get_type_hints(kind)
    return {
        each.name.rstrip("_"): (
            each.name,
            hints[each.name],
            each.default is MISSING and each.default_factory is MISSING,
        )
        for each in fields(kind)
        if each.metadata != REST
    }


def describe(told: Any) -> str:
    return "null" if told is None else type(told).__name__
