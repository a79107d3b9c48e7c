"""The difference of two catalogs as sentences."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.data.postgres import catalog

TABLE = {
    "table public.users": {"of": "schema public", "owner": "shop", "grants": ["a=r/shop", "shop=arwd/shop"]},
    "column public.users.id": {"of": "table public.users", "type": "bigint", "not null": True, "position": 1},
    "function public.f()": {"of": "schema public", "body": "0cc1", "settings": None},
}


def changed(name: str, **facts: object) -> catalog.Snapshot:
    return {**TABLE, name: TABLE[name] | facts}


def test_the_same_catalog_has_no_difference() -> None:
    assert catalog.difference(TABLE, json.loads(json.dumps(TABLE))) == []


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (changed("column public.users.id", type="integer"), "column public.users.id: type is integer, expected bigint"),
        (
            changed("column public.users.id", **{"not null": False}),
            "column public.users.id: not null is no, expected yes",
        ),
        (changed("column public.users.id", default="1"), "column public.users.id: default is 1, expected none"),
        (
            changed("table public.users", grants=["a=r/shop", "b=r/shop"]),
            "table public.users: grants has also b=r/shop and lacks shop=arwd/shop",
        ),
        (
            changed("table public.users", grants=["shop=arwd/shop", "a=r/shop"]),
            "table public.users: grants is ['shop=arwd/shop', 'a=r/shop'], expected ['a=r/shop', 'shop=arwd/shop']",
        ),
        (changed("function public.f()", body="ffff"), "function public.f(): body differs"),
        ({**TABLE, "view public.v": {"of": "schema public"}}, "view public.v: there, but not expected"),
    ],
)
def test_a_difference_is_a_sentence(found: catalog.Snapshot, sentence: str) -> None:
    assert catalog.difference(TABLE, found) == [sentence]


def test_the_parts_of_a_missing_or_new_table_are_not_told_one_by_one() -> None:
    bare = {"function public.f()": TABLE["function public.f()"]}
    assert catalog.difference(TABLE, bare) == ["table public.users: missing"]
    assert catalog.difference(bare, TABLE) == ["table public.users: there, but not expected"]


FACTS = st.dictionaries(
    st.sampled_from(["type", "owner", "labels"]),
    st.one_of(st.booleans(), st.text(max_size=3), st.lists(st.text(max_size=2), max_size=3)),
)
SNAPSHOTS = st.dictionaries(st.sampled_from(["table a", "table b", "view c"]), FACTS)


@given(SNAPSHOTS, SNAPSHOTS)
def test_two_catalogs_differ_exactly_when_there_is_a_sentence(one: catalog.Snapshot, other: catalog.Snapshot) -> None:
    assert bool(catalog.difference(one, other)) == (one != other)
    assert len(catalog.difference(one, other)) == len(catalog.difference(other, one))
