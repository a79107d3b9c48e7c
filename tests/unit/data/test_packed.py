"""Arguments as one word: any text comes back, no shell sees anything in it, and a damaged one is an error."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.data import packed
from slipway.errors import SettingsError
from slipway.ops.__main__ import arguments


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_comes_back_from_a_word_that_means_nothing_to_a_shell(text: str):
    word = packed.pack(text)
    assert packed.read(word) == text and packed.is_packed(word)
    assert re.fullmatch(r"z:[A-Za-z0-9_-]+", word)


def test_a_word_that_is_not_packed_is_its_own_text():
    assert arguments(["observe", '{"a": 1}']) == ("observe", {"a": 1})
    assert arguments(["observe", packed.pack('{"a": 1}')]) == ("observe", {"a": 1})


@pytest.mark.parametrize("word", ["z:", "z:a", "z:abcd", "z:???", packed.pack('{"a": 1}')[:-3], packed.pack("[1]")])
def test_a_damaged_word_is_one_clear_error(word: str):
    with pytest.raises(SettingsError):
        arguments(["observe", word])
