"""The fake Dokploy server rewrites compose files and environments as the real one was seen to."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.support.dokploy import rewriting

# What stands in a file, and what Dokploy makes of it.
SCALARS = {
    '"1_000"': "1_000",
    '"0b11"': "0b11",
    '"-1_0"': "-1_0",
    "0755": "755",
    '"0755"': "'0755'",
    "0o440": "288",
    '"true"': "'true'",
    '"yes"': "yes",
    "9007199254740993": "9007199254740992",
    '"2024-01-01"': "2024-01-01",
    "word # a comment": "word",
    "'quoted word'": "quoted word",
}


@pytest.mark.parametrize("written", SCALARS)
def test_a_value_is_rewritten_as_the_library_does(written):
    assert rewriting.rewrite_yaml(f"key: {written}\n") == f"key: {SCALARS[written]}\n"


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1)))
def test_an_environment_in_list_form_survives(values):
    text = yaml.safe_dump({"environment": [f"KEY={value}" for value in values]}, allow_unicode=True)
    assert yaml.safe_load(rewriting.rewrite_yaml(text)) == yaml.safe_load(text)


ENVIRONMENT = {
    "A=p@ss$word#1": "p@ss$word",
    "A='p@ss$word#1'": "p@ss$word#1",
    'A="one\\ntwo"': "one\ntwo",
    'A="say \\"yes\\""': 'say \\"yes\\"',
    "A=`it's`": "it's",
    "A='two\nlines'": "two\nlines",
    "export A = spaced  ": "spaced",
    "A=${B}": "${B}",
    "A=": "",
}


@pytest.mark.parametrize("line", ENVIRONMENT)
def test_an_environment_is_read_as_dotenv_reads_it(line):
    assert rewriting.parse_env(line) == {"A": ENVIRONMENT[line]}


@given(st.text(st.characters(codec="utf-8", exclude_characters="'\r")))
def test_any_value_without_a_single_quote_survives_in_single_quotes(value):
    # A backslash at the end takes the quote's meaning for the pattern, not for the value.
    if not value.endswith("\\"):
        assert rewriting.parse_env(f"A='{value}'\nB=1") == {"A": value, "B": "1"}


def test_references_are_resolved_and_one_to_nothing_stops_the_deploy():
    own = {"A": "${{project.X}}-${{environment.X}}-${{B}}", "B": "b"}
    assert rewriting.resolve(own, {"X": "p"}, {"X": "e"})["A"] == "p-e-b"
    with pytest.raises(rewriting.Unresolved):
        rewriting.resolve({"A": "${{nowhere}}"}, {}, {})


def test_the_file_for_compose_is_quoted_anew():
    assert rewriting.env_file({"A": 'a"b$c\\d'}) == 'A="a\\"b\\$c\\\\d"\n'
