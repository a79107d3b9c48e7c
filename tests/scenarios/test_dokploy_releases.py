"""Releases on a server of Dokploy, under load, while somebody presses Deploy on its page: none of them loses a request."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.support.campaign import sized
from tests.support.clone import assert_refused
from tests.support.containers import must
from tests.support.dokploy import stack as stacks
from tests.support.dokploy.stack import OnServer, pressing
from tests.support.load.generator import FULL, load
from tests.support.releasing import SLOW, another_image

pytestmark = pytest.mark.scenario

ODD = 'pa$$ #1 "x" `b` ${HOME} \\n é'


@pytest.fixture(scope="module")
def stack(engine: None) -> Iterator[OnServer]:
    with stacks.made(**SLOW) as made:
        made.succeed("up", APP_ENV_ODD=ODD)
        yield made


def version(stack: OnServer) -> str:
    return stack.get("/version")


def records(stack: OnServer) -> list[dict]:
    return json.loads(stack.succeed("history", "--json").splitlines()[-1])["releases"]


def test_what_runs_is_what_was_asked_and_a_second_up_has_nothing_to_do(stack: OnServer):
    assert set(stack.ids()) == {"postgres", "redis", "objects", "ops", "app", "gateway"}
    assert must("exec", stack.id("app"), "printenv", "ODD") == ODD
    stack.assert_nothing_to_do(APP_ENV_ODD=ODD)
    assert "front door answers" in stack.succeed("status", APP_ENV_ODD=ODD)


def test_releases_under_load_lose_no_request_whoever_presses_deploy_meanwhile(stack: OnServer):
    with load(stack.url, seconds=1200, rate=FULL) as running, pressing(stack) as pressed:
        for number in range(sized(2, 50)):
            stack.succeed("deploy", APP_ENV_VERSION=f"n{number}")
            assert f"n{number}" in version(stack)
        serving = version(stack)

        migration = stack.root / "migrations" / "900_bad.up.sql"
        migration.write_text("SELECT no_such_function();\n")
        assert_refused(stack.invoke("deploy", APP_ENV_VERSION="bad"), 5, "900_bad.up.sql")
        migration.unlink()
        assert version(stack) == serving

        never = stack.invoke("deploy", APP_ENV_FAULT="never-ready", APP_ENV_VERSION="never")
        assert_refused(never, 6, "no answer in 15 s", "serves")
        assert version(stack) == serving

        stack.settle(APP_ENV_VERSION="other")
        another_image(stack, "other")
        stack.succeed("deploy")
        assert "other" in version(stack)
        assert "serves what" in stack.succeed("rollback")
    assert running.lasted and pressed[0] > 5
    assert running.result.failed == 0, running.result.failures[:5]
    assert [each["result"] for each in records(stack)[:5]] == ["good", "good", "failed", "failed", "good"]
    assert (
        len(
            [
                name
                for name in must("ps", "--format", "{{.Names}}").split()
                if f"{stack.service['appName']}-app-" in name
            ]
        )
        == 1
    )
