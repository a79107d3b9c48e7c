"""Releases on a server of Dokploy, under load, while somebody presses Deploy on its page: none of them loses a request."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

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


def test_jobs_by_dokploys_clock_are_seen_there_with_their_logs(stack: OnServer):
    said = stack.succeed("dokploy.schedules", "--backup", "17 3 * * *", "--drill", "17 5 * * 0")
    assert "backup: at 17 3 * * * (UTC)" in said and "3 schedules" in said
    assert "Nothing to do" in stack.succeed("dokploy.schedules", "--backup", "17 3 * * *", "--drill", "17 5 * * 0")

    # By the clock: what its page does at that time.
    stack.server.strike("slipway job backup")
    (record,) = stack.server.runs("slipway job backup")
    log = Path(record["logPath"]).read_text()
    assert record["status"] == "done" and "backup 2" in log and "backups.drill" in log and "exit code 0" in log
    assert "schedule " in stack.succeed("backups.list")

    text = stack.succeed("dokploy.run", "backups.check")
    assert "backups.check" in text and "done" in text
    must("exec", stack.id("ops"), "sh", "-c", "rm -r /var/lib/slipway-backups/2*")
    assert stack.invoke("dokploy.run", "backups.check").code == 8
    assert_refused(stack.invoke("dokploy.run", "backup.all"), 2, "backups.drill")

    assert "backup: no more" in stack.succeed("dokploy.schedules", "--remove")
    assert not [each for each in stack.server.state.schedules.values() if each["enabled"]]
