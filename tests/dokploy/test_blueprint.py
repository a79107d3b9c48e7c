"""Dokploy's own packages read a blueprint: its environment arrives, and Compose sees the same stack before and after."""

from __future__ import annotations

import json
import os
import subprocess
import tomllib
from pathlib import Path

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from slipway.environment import ROOT
from slipway.errors import SettingsError
from slipway.stack import model
from slipway.stack.dokploy import blueprint
from slipway.stack.dokploy.template_source import compose_file
from slipway.verbs.dokploy.blueprint import values
from tests.support.campaign import sized
from tests.support.dokploy import templates
from tests.support.dokploy.oracle import Oracle, compose
from tests.support.fuzzing import fuzz
from tests.unit.conftest import settings_of

KEYS = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,7}", fullmatch=True)
VALUES = st.one_of(st.text(max_size=8), st.text("a1 #'\"`\\${}=\n\t:u", max_size=12))


@fuzz(sized(1_000, 20_000))
@given(st.dictionaries(KEYS, VALUES, max_size=4))
@example({"A": "${password}", "B": "it's"})
@example({"A": "\x7f\x80\U0001f6a2\u2028\ufeff"})
def test_an_environment_arrives_through_the_parsers_that_dokploy_has(oracle: Oracle, environment: dict[str, str]):
    try:
        text = blueprint.template([blueprint.Domain("shop", 80)], environment)
    except SettingsError:
        assume(False)
    read = oracle.toml(text)
    assert read == tomllib.loads(text)
    assert oracle.env(templates.environment(read["config"])) == environment


@pytest.mark.parametrize(
    "more", [{}, {"postgres": "external", "database_url": "postgresql://u:p@db/shop"}, {"pitr": True}]
)
def test_the_stack_of_a_blueprint_is_the_same_to_compose_after_dokploy_has_written_it(
    oracle: Oracle, tmp_path: Path, more: dict
):
    text, _ = compose_file(model.build(settings_of(environment="production", **more)), ROOT)
    seen = [config(tmp_path, each) for each in (text, oracle.yaml(text))]
    assert seen[0] == seen[1] and "slipway-production-gateway" in seen[0]["services"]


def config(place: Path, text: str) -> dict:
    """A compose file as Compose has it, with an environment that fills in every variable."""
    (place / "docker-compose.yml").write_text(text)
    words = [compose(), "compose", "-p", "shop", "-f", str(place / "docker-compose.yml"), "config", "--format", "json"]
    env = dict(os.environ) | dict.fromkeys(values(text), "filled-in")
    done = subprocess.run(words, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
