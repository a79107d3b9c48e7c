"""Two sides in order: what is new, changed and gone, for every pair of small sides."""

from __future__ import annotations

from itertools import product

from slipway.supabase.delta.merge import CHANGED, DELETED, INSERTED, merge


def test_each_key_is_told_once_and_as_what_became_of_it():
    sides = [dict(zip("abc", hashes, strict=True)) for hashes in product((None, 1, 2), repeat=3)]
    for before, after in product(sides, repeat=2):
        old, new = ({key: mark for key, mark in side.items() if mark} for side in (before, after))
        expected = {key: DELETED for key in old.keys() - new.keys()}
        expected |= {key: INSERTED for key in new.keys() - old.keys()}
        expected |= {key: CHANGED for key in old.keys() & new.keys() if old[key] != new[key]}
        found = list(merge(*(iter([((key,), mark) for key, mark in side.items()]) for side in (old, new))))
        assert [key for _, (key,) in found] == sorted(expected)
        assert {key: what for what, (key,) in found} == expected
