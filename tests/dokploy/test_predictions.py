"""Dokploy's own packages, and Compose, as the oracle: what the lint says they make of a text is what they make of it."""

from __future__ import annotations

import json
import math
import subprocess
from pathlib import Path

import pytest
from hypothesis import Phase, assume, example, given, settings
from hypothesis import strategies as st
from yaml.nodes import ScalarNode, SequenceNode

from slipway.stack.dokploy import env_values, go_values, lint, yaml_nodes, yaml_values
from tests.support.campaign import sized
from tests.support.dokploy.oracle import Oracle, compose
from tests.support.fuzzing import fuzz

HERE = Path(__file__).parent
MANY = fuzz(sized(1_000, 20_000))

NUMBERS = st.text("0123456789+-._eExXoObBaAfF", min_size=1, max_size=12)
DAYS = st.from_regex(
    r"[0-9]{4}-[0-9]{1,2}-[0-3]?[0-9]([tT ]+[0-2]?[0-9]:[0-5]?[0-9]:[0-5]?[0-9](\.[0-9]+)?)?(Z|\+0[0-9]:00)?",
    fullmatch=True,
)
WORDS = st.sampled_from("null Null ~ true TRUE False yes on NO .inf -.Inf .NaN nan <<".split())
SHAPES = st.text("ab 1_#:-?,[]{}&*!|>'\"%@`\\~=.\t\n", max_size=10)
FLOATS = st.floats(allow_nan=False, allow_infinity=False).map(repr)
WHOLE = st.integers(-(10**22), 10**22).map(str)
# But the ends of lines that YAML 1.1 alone knows, which the lint does not look at.
ANY = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x85\u2028\u2029"), max_size=8)
TEXTS = st.one_of(NUMBERS, DAYS, WORDS, SHAPES, FLOATS, WHOLE, ANY)


def spelled(text: str, style: str) -> str:
    """A text as a scalar of one style; double quotes hold any."""
    return {"plain": text, "single": "'" + text.replace("'", "''") + "'", "double": json.dumps(text)}[style]


def scalar(document: str, style: str, text: str, key: bool) -> ScalarNode:
    """The scalar of a document, if our reader too takes it for this text in this style."""
    try:
        (found, value), *more = yaml_nodes.read(document).value[0][1].value
    except (yaml_nodes.Broken, AttributeError, ValueError, TypeError):
        assume(False)
    node = found if key else value
    assume(not more and isinstance(node, ScalarNode) and node.value == text and not node.tag)
    assume((node.style is None) == (style == "plain"))
    return node


@MANY
@given(TEXTS, st.sampled_from(["plain", "single", "double"]), st.booleans())
@example("1_000", "double", False)
@example("2024-01-01", "single", False)
@example("-0.0", "plain", False)
@example("1e21", "plain", True)
@example("null", "plain", True)
@example(" \n \n", "double", False)
def test_a_scalar_becomes_what_the_lint_says(oracle: Oracle, text: str, style: str, key: bool):
    one = spelled(text, style)
    document = f"x:\n  {one}: v\n" if key else f"x:\n  k: {one}\n"
    scalar(document, style, text, key)
    written = oracle.yaml(document)
    assume(written is not None)
    try:
        ((found, value),) = yaml_nodes.read(written).value[0][1].value
    except yaml_nodes.Broken:
        assume(False)  # a tab within a text without quotes, and DEL, which our reader does not take
    node = found if key else value
    after = go_values.resolve(node.value) if node.style is None else node.value
    mine = yaml_values.rewrite(text, style == "plain", key=key)
    assume(not isinstance(mine, go_values.Unreadable))  # to Compose, below; our reader takes some of them
    assert yaml_values.same(after, mine), written


KEYS = ("a", '"0b"', '"1_2"')
PIECES = st.recursive(
    st.tuples(NUMBERS | WORDS | WHOLE | DAYS, st.sampled_from(["plain", "single", "double"])).map(
        lambda one: spelled(*one)
    ),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda parts: f"[{', '.join(parts)}]")
        | st.lists(inner, max_size=3).map(
            lambda parts: "{" + ", ".join(f"{key}: {part}" for key, part in zip(KEYS, parts, strict=False)) + "}"
        )
    ),
    max_leaves=6,
)


def load(node: yaml_nodes.Node) -> object:
    """What Compose makes of a document."""
    if isinstance(node, ScalarNode):
        value = go_values.resolve(node.value) if node.style is None else node.value
        return (type(value) in (int, float) and "number") or type(value).__name__, go_values.format_value(value)
    if isinstance(node, SequenceNode):
        return [load(each) for each in node.value]
    return {load(key): load(value) for key, value in node.value}


@fuzz(sized(300, 4_000))
@given(st.lists(PIECES, min_size=1, max_size=4))
def test_a_file_has_findings_just_when_compose_reads_another_one_afterwards(oracle: Oracle, parts: list[str]):
    document = "services: {shop: {}}\n" + "".join(f"x-{n}: {part}\n" for n, part in enumerate(parts))
    try:
        before = load(yaml_nodes.read(document))
    except yaml_nodes.Broken:
        assume(False)
    written = oracle.yaml(document)
    assume(written is not None)
    found = {each.rule for each in lint.lint_file("a.yaml", document) if each.rule.startswith("yaml-")}
    dated = "'Date'" in repr(before)  # a date, which Compose refuses either way
    assert bool(found) == (load(yaml_nodes.read(written)) != before or dated), (found, written)


LINES = st.text("AB_= '\"`#\\n$\t{}\n\r.x-:é\u2028\xa0", max_size=24)
SETTINGS = st.lists(
    st.tuples(st.sampled_from(["A=", "export B=", "C: ", " D = ", "E.F-G=", "bad key=", "H"]), LINES), max_size=4
).map(lambda parts: "\n".join("".join(part) for part in parts))


@MANY
@given(SETTINGS | LINES)
@example("A=p@ss$word#1")
@example("A=\"a\\nb\" # c\nB='x\\'\nC=''")
def test_a_settings_file_is_read_as_the_lint_says(oracle: Oracle, text: str):
    assert {each.key: each.value for each in env_values.read(text)} == oracle.env(text)


@MANY
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | LINES, min_size=1, max_size=4))
def test_what_is_quoted_survives(oracle: Oracle, values: list[str]):
    kept = {f"K{number}": value for number, value in enumerate(values) if env_values.quote(value) is not None}
    text = "\n".join(f"{key}={env_values.quote(value)}" for key, value in kept.items())
    assert oracle.env(text) == kept


@given(st.text(st.characters(codec="ascii", exclude_characters="'\\\r"), max_size=30))
def test_a_value_without_a_single_quote_stands_in_single_quotes(value: str):
    assert env_values.quote(value) == f"'{value}'"


# A process each: no search for the smallest list.
@settings(fuzz(sized(10, 300)), phases=[Phase.explicit, Phase.generate])
@given(st.lists(st.one_of(NUMBERS, DAYS, FLOATS, WHOLE), min_size=100, max_size=200))
@example([".3_62", "._3", ".3_", ".3__6", ".3_6e1_0", ".3e_1", "3._6", "-.3_6"])
def test_a_scalar_without_quotes_is_to_compose_what_the_lint_says(tmp_path_factory, texts: list[str]):
    values = [text for text in texts if isinstance(go_values.resolve(text), int | float | str) and finite(text)]
    values = [text for text in values if yaml_values.stays_plain(text) or go_values.INT.fullmatch(text)]
    file = tmp_path_factory.mktemp("compose") / "compose.yaml"
    rows = "".join(f"  K{number}: {text}\n" for number, text in enumerate(values))
    file.write_text(f"services: {{a: {{image: 'a:1', environment: &e\n{{}}}}}}\nx-values:\n{rows}")
    words = [compose(), "compose", "-f", str(file), "config", "--no-interpolate", "--format", "json"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)["x-values"] if values else {}
    for number, text in enumerate(values):
        mine, theirs = go_values.resolve(text), found[f"K{number}"]
        assert (float(theirs) if isinstance(mine, float) else theirs) == mine, text


@pytest.mark.parametrize(
    "text", ["\t\n", " \n", " \t\n", "\ta\nb", "\n\n\ta\n", "\n  \ta\n", "  a\nb", "a\n\tb", "\t\n ", "\n\n"]
)
def test_a_text_of_several_lines_is_to_compose_what_the_lint_says(oracle: Oracle, tmp_path: Path, text: str):
    file = tmp_path / "compose.yaml"
    written = oracle.yaml(f"services: {{a: {{image: 'a:1'}}}}\nx-a: {{k: {json.dumps(text)}}}\n")
    file.write_text(written)
    words = [compose(), "compose", "-f", str(file), "config", "--no-interpolate", "--format", "json"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    found = json.loads(done.stdout)["x-a"]["k"] if done.returncode == 0 else go_values.Unreadable()
    assert found == yaml_values.rewrite(text, plain=False)


def finite(text: str) -> bool:
    value = go_values.resolve(text)
    return isinstance(value, str) or math.isfinite(value)
