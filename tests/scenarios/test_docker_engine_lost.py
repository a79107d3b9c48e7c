"""The engine does not answer any more in the middle of a deploy: what serves goes on, and the next deploy heals."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from slipway.errors import ENGINE_GONE
from tests.support.clone import Clone
from tests.support.load.generator import load
from tests.support.lost_engine import relay
from tests.support.releasing import at_step, deployed, steady

pytestmark = pytest.mark.scenario


def test_an_engine_that_is_gone_ends_a_deploy_in_one_sentence_and_the_next_one_heals(slow: Clone, tmp_path: Path):
    steady(slow)
    with load(f"http://127.0.0.1:{slow.port}", seconds=120) as running:
        with relay(tmp_path) as engine:
            run = at_step(slow, "probe app", APP_ENV_VERSION="engine-lost", DOCKER_HOST=engine.address)
            engine.cut()
            done = run.done()
        (error,) = [each for each in map(json.loads, done.text.splitlines()) if each["event"] == "error"]
        assert done.code == 9 and "Traceback" not in done.text
        assert error["found"].startswith(ENGINE_GONE[0]) and error["next"] == ENGINE_GONE[2], error
        deployed(slow, "engine-healed", "--wait", "60")
    assert running.result.failed == 0, running.result.failures[:5]
