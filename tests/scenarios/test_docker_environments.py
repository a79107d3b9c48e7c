"""Several environments and engines: side by side on one machine, elsewhere by address, or named by a context."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from slipway.engine.docker import client
from tests.support.clone import Clone, assert_refused, free_port
from tests.support.containers import must
from tests.support.hostile import HOSTILE
from tests.support.tcp_engine import engine_over_tcp

pytestmark = pytest.mark.scenario


@pytest.fixture(scope="module")
def both(own: Clone) -> Clone:
    """A clone whose local stack is up, and with settings for production."""
    own.stacks.append("production")
    own.succeed("init", "--on", "production")
    own.settle("production", PROJECT=own.project, ENGINE="docker", IMAGES="debian", HTTP_PORT=str(free_port()))
    return own


def test_weak_secrets_are_refused_outside_local(both: Clone):
    good = both.setting("REDIS_PASSWORD", "production")
    for weak in ("changeme-changeme", "short", good[:1] * 20):
        both.settle("production", REDIS_PASSWORD=weak)
        done = both.invoke("up", "--on", "production")
        assert_refused(done, 2, "REDIS_PASSWORD in .env.production")
        assert weak not in done.text
    both.settle("production", REDIS_PASSWORD=good)
    assert both.ids("production") == {}


def test_production_comes_up_beside_local_and_goes_without_touching_it(both: Clone):
    local = both.ids()
    both.succeed("up", "--on", "production")
    assert set(both.ids("production")) == set(local)
    assert both.sql("SELECT count(*) FROM tasks", "production") == "0"
    mounts = must("inspect", "--format", "{{range .Mounts}}{{.Type}} {{end}}", both.id("ops", "production"))
    assert "bind" not in mounts.split()
    both.assert_nothing_to_do("--on", "production")
    assert_asked_before_it_is_touched(both)
    for yes in ((), ("--yes",), ("--yes", f"{both.project}-local")):
        done = both.invoke("down", "--on", "production", "--volumes", *yes)
        assert_refused(
            done,
            2,
            f"deletes volume {both.project}-production_postgres",
            f"--yes {both.project}-production --on production",
        )
    both.succeed("down", "--on", "production", "--volumes", "--yes", f"{both.project}-production")
    assert both.ids("production") == {}
    assert both.ids() == local
    both.assert_right()


def assert_asked_before_it_is_touched(both: Clone) -> None:
    """Who sits at a terminal says yes first; a pipeline is not asked."""
    before = both.ids("production")
    both.settle("production", REDIS_MEMORY="300MB")
    question = "This replaces redis, on"
    declined = both.at_terminal("n", "up", "--on", "production")
    assert declined.code == 2 and question in declined.text and "nothing was touched" in declined.text
    assert both.ids("production") == before
    accepted = both.at_terminal("y", "up", "--on", "production")
    assert accepted.code == 0 and question in accepted.text and "1 replaced, 5 kept" in accepted.text
    assert {name for name, ids in both.ids("production").items() if ids != before[name]} == {"redis"}


def test_an_engine_elsewhere_is_brought_up_by_its_address(both: Clone):
    with engine_over_tcp() as host:
        both.succeed("up", "--on", "production", DOCKER_HOST=host)
        both.assert_nothing_to_do("--on", "production", DOCKER_HOST=host)
        assert len(both.ids("production")) == 6
        both.succeed("down", "--on", "production", "--volumes", "--yes", f"{both.project}-production", DOCKER_HOST=host)
    assert both.ids("production") == {}


@contextmanager
def context_to(host: str) -> Iterator[str]:
    name = f"slipway-test-{uuid.uuid4().hex[:8]}"
    must("context", "create", name, "--docker", f"host={host}")
    try:
        yield name
    finally:
        must("context", "rm", "--force", name)


def test_a_context_leads_to_its_engine(both: Clone):
    with context_to(client.host_of({})) as context:
        both.assert_nothing_to_do(DOCKER_CONTEXT=context)
        must("rm", "--force", both.id("gateway"))
        both.succeed("up", DOCKER_CONTEXT=context)
    both.assert_right()


def test_a_context_is_not_passed_over_for_the_engine_of_this_machine(both: Clone):
    with engine_over_tcp() as host, context_to(host) as context:
        assert_refused(both.invoke("up", DOCKER_CONTEXT=context), 9, "ENVIRONMENT", host)


def test_a_context_that_does_not_exist_is_named(both: Clone):
    assert_refused(both.invoke("up", DOCKER_CONTEXT="nowhere-at-all"), 9, "nowhere-at-all")


def test_valkey_takes_the_place_of_redis_and_what_a_shell_is_set_for_is_not_seen(fresh: Clone):
    fresh.settle(REDIS="valkey")
    fresh.succeed("up", **HOSTILE)
    fresh.write_data()
    fresh.succeed("backup", **HOSTILE)
    fresh.succeed("deploy", APP_ENV_NOTE="another", **HOSTILE)
    fresh.assert_right()
    assert "valkey" in must("exec", fresh.id("redis"), "redis-server", "--version").lower()
