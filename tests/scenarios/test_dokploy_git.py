"""Dokploy deploys a branch by itself, by one command: migrations before the switch, no request lost, what fails changes nothing."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from tests.support.clone import assert_refused
from tests.support.dokploy import stack as stacks
from tests.support.dokploy.stack import OnServer
from tests.support.load.generator import FULL, load
from tests.support.releasing import SLOW

pytestmark = pytest.mark.scenario


@pytest.fixture(scope="module")
def stack(engine: None) -> Iterator[OnServer]:
    """A repository with the stack, and a service that follows its branch; nothing is deployed."""
    with stacks.made(**SLOW, APP_ENV_FAULT="none") as made:
        assert_refused(made.invoke("dokploy.git", str(made.root)), 2, "compose/dokploy.yaml", "./invoke render")
        made.succeed("render")
        git(made, "init", "--quiet", "--initial-branch", "main")
        commit(made, "first")
        follow(made)
        yield made


def git(stack: OnServer, *words: str) -> None:
    who = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run(["git", *who, *words], cwd=stack.root, check=True, capture_output=True)


def commit(stack: OnServer, text: str) -> None:
    git(stack, "add", "--all")
    git(stack, "commit", "--quiet", "--message", text)


def follow(stack: OnServer, **settings: str) -> str:
    stack.settle(**settings)
    return stack.succeed("dokploy.git", str(stack.root))


def log(stack: OnServer) -> str:
    return stack.logs()[-1]


def test_a_branch_is_deployed_and_its_next_state_loses_no_request(stack: OnServer):
    assert stack.deploy_by_page()["status"] == "done", log(stack)
    assert set(stack.ids()) == {"postgres", "redis", "objects", "ops", "app", "gateway"}
    assert "v1" in stack.get("/version") and "migrate done" in log(stack)
    assert "Nothing to do" in follow(stack)

    with load(stack.url, seconds=600, rate=FULL) as running:
        follow(stack, APP_ENV_VERSION="two")
        assert stack.deploy_by_page()["status"] == "done", log(stack)
        assert "two" in stack.get("/version")

        migration = stack.root / "migrations" / "900_bad.up.sql"
        migration.write_text("SELECT no_such_function();\n")
        commit(stack, "a migration that fails")
        assert stack.deploy_by_page()["status"] == "error" and "900_bad.up.sql" in log(stack)
        git(stack, "rm", "--quiet", "migrations/900_bad.up.sql")
        commit(stack, "without it")

        follow(stack, APP_ENV_VERSION="never", APP_ENV_FAULT="never-ready")
        assert stack.deploy_by_page()["status"] == "error" and "probe.app failed" in log(stack)
        assert "two" in stack.get("/version")

        follow(stack, APP_ENV_VERSION="three", APP_ENV_FAULT="none")
        assert stack.deploy_by_page()["status"] == "done", log(stack)
        assert "three" in stack.get("/version")
    assert running.lasted and running.result.failed == 0, running.result.failures[:5]
    assert len(stack.ids()["app"]) == 1
