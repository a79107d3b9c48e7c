"""What a rendered file refers to, and the fingerprints that follow from it."""

from __future__ import annotations

import pytest

from slipway.environment import ROOT
from slipway.stack import model, references, render
from tests.unit.conftest import settings_of


def marks(**more) -> dict[str, str]:
    stack = model.build(settings_of(environment="production", **more))
    return references.fingerprints(render.files(stack, ROOT)["production.yaml"], references.values(stack, {}, {}))


@pytest.mark.parametrize("key", ["LEVEL", "level", "logLevel", "_x9"])
def test_another_value_of_the_apps_own_environment_is_another_app_however_its_key_is_spelt(key: str):
    before, after = marks(app_env={key: "one"}), marks(app_env={key: "two"})
    assert {name for name in before if before[name] != after[name]} == {"app-blue", "app-green"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("KEY=${A:?A is not set}x", "KEY=${BLUE_A:-${A:?A is not set}}x"),
        ("${A}${B}", "${BLUE_A:-${A}}${BLUE_B:-${B}}"),
        ("$${A} $$${A}", "$${A} $$${BLUE_A:-${A}}"),
        ("${A:-${B:-b}/x}/y", "${BLUE_A:-${A:-${B:-b}/x}}/y"),
        ("plain $$ text", "plain $$ text"),
    ],
)
def test_a_reference_is_led_to_the_value_of_a_colour_and_a_dollar_stays_one(text: str, found: str):
    assert references.of_colour(text, "blue") == found
    assert references.of_colour(text, "") == text


def test_the_order_of_the_apps_variables_is_no_other_app():
    assert marks(app_env={"A": "1", "B": "2"}) == marks(app_env={"B": "2", "A": "1"})
