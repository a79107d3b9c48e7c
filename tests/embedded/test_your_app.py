"""Without Docker, any other app: examples/hono, started by APP_COMMAND."""

from __future__ import annotations

import shutil

import pytest

from tests.support import npm
from tests.support.clone import free_port
from tests.support.other_app import HERE, OTHER_USER, ROWS, SETTINGS, asked, pages, token
from tests.support.working_copy import WorkingCopy

COMMAND = {**SETTINGS, "APP_COMMAND": "node server.js"}


@pytest.fixture
def hono(fresh: WorkingCopy) -> WorkingCopy:
    """A copy, not up, whose app is examples/hono with its packages."""
    packages = npm.install(HERE, "hono") / "node_modules"
    shutil.copytree(packages, fresh.root / SETTINGS["APP_CONTEXT"] / "node_modules", symlinks=True)
    fresh.env |= COMMAND | {"HTTP_PORT": str(free_port())}
    return fresh


def test_it_comes_up_is_ready_lists_tasks_is_replaced_and_ends_in_order(hono: WorkingCopy) -> None:
    hono.up()
    status, report = asked(hono.url, "/ready")
    assert (status, report["ready"], len(report["dependencies"])) == (200, True, 3)
    hono.psql(ROWS)
    assert [len(page) for page in pages(hono.url, token(OTHER_USER))] == [20, 20, 5]
    assert asked(hono.url, "/api/v1/tasks")[0] == 401
    assert "Nothing to do" in hono.up()
    hono.env["APP_ENV_RELEASE"] = "v2"
    hono.up()
    assert hono.get("/")["version"] == "v2"
    assert hono.invoke("down").returncode == 0
    log = next(hono.home.glob("logs/app*")).read_text()
    assert log.count("stopped: connections closed") == 2, log


def test_a_setting_that_it_refuses_is_told_by_the_end_of_its_log(hono: WorkingCopy) -> None:
    done = hono.invoke("up", APP_ENV_JWT_SECRET="much too short")
    assert done.returncode != 0
    assert "JWT_SECRET has 14 bytes, expected at least 32." in done.stderr + done.stdout
