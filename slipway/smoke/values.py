"""JSON values as JavaScript sees them: undefined, properties, and what their types are called."""

from __future__ import annotations


class Undefined:
    """What JavaScript reads where nothing is."""

    def __repr__(self) -> str:
        return "undefined"


UNDEFINED = Undefined()


def missing(found: object, key: object) -> str:
    return f"{'null' if found is None else 'undefined'} where .{key} was read"


def part_of(found: object, key: object) -> object:
    """A property or an element, or UNDEFINED."""
    if key == "length" and isinstance(found, (str, list)):
        return len(found)
    if isinstance(found, dict):
        return found.get(str(key), UNDEFINED)
    if isinstance(found, (list, str)) and isinstance(key, int) and not isinstance(key, bool) and 0 <= key < len(found):
        return found[key]
    return UNDEFINED


def type_of(found: object) -> str:
    """The name that `to.be.a(…)` knows a value's type by (chai, type-detect)."""
    if isinstance(found, bool):
        return "boolean"
    names = {str: "string", int: "number", float: "number", list: "array", dict: "object", type(None): "null"}
    return names.get(type(found), "undefined")


def same(one: object, other: object) -> bool:
    """Equal in value and type, at every depth: 1 is not true, and "1" is not 1."""
    if type_of(one) != type_of(other):
        return False
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return one == other
