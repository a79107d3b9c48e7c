"""JSON is compared by what it means, and what differs is named by its path."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.supabase.proving import values

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("expected", "found", "told"),
    [
        ("[1, 2.50]", "[1.0, 2.5]", []),
        ('{"a": 1, "b": null}', '{"b": null, "a": 1}', []),
        ("1", "true", ["$: boolean instead of number"]),
        ('{"a": [0]}', '{"a": [false]}', ["$.a[0]: boolean instead of number"]),
        ("9007199254740993", "9007199254740992", ["$: another value"]),
        ("0.1", "0.10000000000000000001", ["$: another value"]),
        ('{"a": null}', "{}", ["$.a: missing"]),
        ("{}", '{"a b": 1}', ['$["a b"]: there, but not expected']),
        ('[{"id": 1}, {"id": 2}]', '[{"id": 2}, {"id": 1}]', ["$[0].id: another value", "$[1].id: another value"]),
        ('[{"id": 1}, {"id": 2}, {"id": 3}]', '[{"id": 1}, {"id": 3}]',
         ["$: 2 elements instead of 3", "$[1]: missing"]),
        ("[1]", "[1, true]", ["$: 2 elements instead of 1", "$[1]: there, but not expected"]),
        ("[1, 1]", "[1]", ["$: 1 elements instead of 2"]),
        ('{"a": {"b": "1"}}', '{"a": {"b": 1}}', ["$.a.b: number instead of string"]),
    ],
)  # fmt: skip
def test_each_place_that_differs_is_named(expected: str, found: str, told: list[str]) -> None:
    one, other = values.read(expected), values.read(found)
    assert list(values.differences(one, other)) == told
    assert values.same(one, other) == (not told)


@given(JSON, JSON)
def test_values_have_differences_exactly_where_they_do_not_mean_the_same(one: object, other: object) -> None:
    one, other = (values.read(json.dumps(each)) for each in (one, other))
    assert list(values.differences(one, one)) == []
    assert bool(list(values.differences(one, other))) == (not values.same(one, other))


@given(st.lists(JSON, min_size=1, max_size=4, unique_by=values.meaning))
def test_an_element_that_is_gone_is_the_one_that_is_named(found: list) -> None:
    for place in range(len(found)):
        less = found[:place] + found[place + 1 :]
        assert list(values.differences(found, less)) == [
            f"$: {len(less)} elements instead of {len(found)}",
            f"$[{place}]: missing",
        ]


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", "", "{"])
def test_what_is_no_json_is_none(text: str) -> None:
    with pytest.raises(ValueError):
        values.read(text)
