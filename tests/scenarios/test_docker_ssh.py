"""A server that is reached by DOCKER_HOST=ssh://…: a stack is deployed, locked, cut short and put right there."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.support import ssh_here
from tests.support.clone import Clone, assert_refused
from tests.support.releasing import SLOW, at_step, version

pytestmark = pytest.mark.scenario

ON = ("--on", "production")
HELD = """#!/bin/sh
until [ -e let-go ]; do sleep 0.1; done
"""


@pytest.fixture
def far(fresh: Clone) -> Clone:
    """A clone with settings for production, where nothing runs."""
    fresh.stacks.append("production")
    fresh.succeed("init", *ON)
    settings = {"PROJECT": fresh.project, "ENGINE": "docker", "IMAGES": "debian", "HTTP_PORT": str(fresh.port)}
    fresh.settle("production", **settings, **SLOW)
    return fresh


def test_a_deploy_over_ssh_holds_the_lock_and_what_is_cut_short_is_put_right(far: Clone, tmp_path: Path):
    ssh = ssh_here.install(tmp_path)
    assert "6 started" in far.succeed("deploy", *ON, "--yes", **ssh)
    hook = far.root / "hooks/pre-deploy"
    hook.write_text(HELD)
    hook.chmod(0o755)
    run = at_step(far, "hook pre-deploy", *ON, APP_ENV_VERSION="interrupted", HOOK_TIMEOUT="300", **ssh)
    # Whoever comes by another way meets the same lock.
    assert_refused(far.invoke("deploy", *ON), 3, "held by", "deploy")
    run.process.send_signal(signal.SIGINT)
    done = run.done()
    assert done.code == 130 and "cut short: hook pre-deploy" in done.text, done.text
    hook.unlink()
    run = at_step(far, "probe app", *ON, APP_ENV_VERSION="killed", **ssh)
    run.process.send_signal(signal.SIGKILL)
    run.done()
    assert SLOW["APP_ENV_VERSION"] in version(far)
    words = ("deploy", *ON, "--yes", "--wait", "300")
    assert "cut short" in far.succeed(*words, APP_ENV_VERSION="put-right", **ssh)
    assert "put-right" in version(far)
    assert "docker system dial-stdio" in (tmp_path / "ssh.asked").read_text()


def test_a_server_that_refuses_the_key_is_told_in_the_words_of_ssh(far: Clone, tmp_path: Path):
    ssh = ssh_here.install(tmp_path)
    (tmp_path / "ssh.refuses").touch()
    assert_refused(far.invoke("deploy", *ON, **ssh), 9, "Permission denied (publickey)", ssh_here.HOST)
