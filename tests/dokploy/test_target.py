"""The rendered file for Dokploy after Dokploy's own package has written it anew: to Compose it is the same file."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from slipway.environment import ROOT
from slipway.errors import SettingsError
from slipway.stack import model, render
from slipway.stack.dokploy import yaml_nodes
from tests.dokploy.test_predictions import NUMBERS, SHAPES, WORDS, load
from tests.support.campaign import sized
from tests.support.dokploy.oracle import Oracle
from tests.support.fuzzing import fuzz
from tests.unit.conftest import settings_of
from tests.unit.stack.test_dokploy_target import CASES, DOKPLOY, text_of

VALUES = NUMBERS | WORDS | SHAPES


@fuzz(sized(60, 2_000))
@given(command=VALUES, region=VALUES, name=st.from_regex("[a-z][a-z0-9-]{0,12}", fullmatch=True), image=st.booleans())
def test_a_file_with_any_values_is_the_same_to_compose(oracle: Oracle, command, region, name, image):
    more = {"app_command": command, "s3_region": region, "project": name, "s3_provider": "garage"}
    more |= (
        {"s3_access_key": "GK" + "0" * 24, "app_image": "ghcr.io/team/app:1.2"} if image else {"s3_provider": "rclone"}
    )
    try:
        text = render.files(model.build(settings_of(**DOKPLOY | more)), ROOT)["dokploy.yaml"]
    except (SettingsError, ValueError):
        return  # refused before it is written
    written = oracle.yaml(text)
    assert written is not None
    try:
        after = yaml_nodes.read(written)
    except yaml_nodes.Broken:
        assume(False)  # a tab within a text without quotes, which Compose takes and our reader does not
    assert load(after) == load(yaml_nodes.read(text))


@pytest.mark.parametrize("name", CASES)
def test_compose_itself_reads_both_alike(oracle: Oracle, tmp_path: Path, name: str):
    text = text_of(name)
    assert config(tmp_path, text) == config(tmp_path, oracle.yaml(text))


def config(folder: Path, text: str) -> dict:
    """What Compose makes of a file and its variables."""
    file = folder / "docker-compose.yml"
    file.write_text(text)
    values = {name: f"{name.lower()}$1" for name in re.findall(r"\$\{([A-Z0-9_]+)", text)}
    values |= {"SLIPWAY_BLUE_REPLICAS": "1", "SLIPWAY_GREEN_REPLICAS": "0", "SLIPWAY_KEEP_BACKUPS": "false"}
    values |= {"COMPOSE_PROJECT_NAME": "shop-abc123"}
    words = ["docker", "compose", "--project-name", "shop-abc123", "--file", str(file), "config", "--format", "json"]
    done = subprocess.run(words, env={"PATH": "/usr/bin:/usr/local/bin:/bin"} | values, text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
