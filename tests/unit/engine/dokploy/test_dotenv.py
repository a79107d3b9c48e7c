"""The environment as one text for Dokploy: what is written is read as it was meant, or refused without being shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.engine.dokploy import dotenv
from slipway.errors import SettingsError
from tests.support.dokploy import rewriting
from tests.support.fuzzing import assert_clear, fuzz

KEYS = st.from_regex(r"[A-Z_][A-Z0-9_]{0,8}", fullmatch=True) | st.text("AB_.- =#'\n", max_size=4)
ODD = st.text("'`\"\\#$ {}\n\r\t=aé\u2028", max_size=12)
VALUES = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | ODD


@fuzz()
@given(values=st.dictionaries(KEYS, VALUES, max_size=6))
def test_every_value_is_read_as_it_was_meant_or_refused(values: dict[str, str]):
    try:
        text = dotenv.write(values)
    except SettingsError as error:
        assert_clear(error)
        return
    assert dotenv.read(text) == values
    assert rewriting.parse_env(text) == values  # what the fake server reads is what ours does
    assert dotenv.write(dotenv.read(text)) == text


@pytest.mark.parametrize("key", ["", "A B", "A=B", "A\nB", "#A", "é", "export A"])
def test_a_name_that_dokploy_would_drop_or_read_as_another_is_refused(key):
    with pytest.raises(SettingsError):
        dotenv.write({key: "hidden-value", "B": "x"})


@pytest.mark.parametrize("value", ["a'b`c\"d#e", "${{project.X}}", "x\\'`\"\n"])
def test_a_value_that_no_form_holds_is_refused_and_not_shown(value):
    with pytest.raises(SettingsError) as caught:
        dotenv.write({"A": value})
    assert_clear(caught.value, value)


@pytest.mark.parametrize(
    "value", ["", "p@ss$word#1", "it's", 'a "b"', "ends\\", "$(x) ${HOME} $$", "two\nlines", " blanks "]
)
def test_values_that_people_have(value):
    assert dotenv.read(dotenv.write({"A": value, "B": "next"})) == {"A": value, "B": "next"}
