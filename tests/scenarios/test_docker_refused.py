"""What cannot go well is refused before anything is touched: one clear error, its exit code, everything as it was."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.clone import Clone, assert_refused, free_port
from tests.support.containers import container, must, tags
from tests.support.tcp_engine import engine_over_tcp

pytestmark = pytest.mark.scenario

# As root but for the one thing that is the point: it may read every file, and may not write to the engine's socket.
NOBODY = (
    "setpriv",
    "--reuid=65534",
    "--regid=65534",
    "--clear-groups",
    "--inh-caps=+dac_read_search",
    "--ambient-caps=+dac_read_search",
)


@contextmanager
def untouched(own: Clone) -> Iterator[None]:
    """The same containers run afterwards, and the right `up` starts none: the refusal changed nothing."""
    before = own.ids()
    yield
    assert own.ids() == before
    own.succeed("up")
    assert own.ids() == before
    own.assert_data()


def test_up_refuses_a_port_that_another_program_has(own: Clone):
    must("rm", "--force", own.id("gateway"))
    with socket.create_server(("127.0.0.1", own.port)):
        assert_refused(own.invoke("up"), 9, f"port {own.port}", "another program", "HTTP_PORT")
    own.assert_right()


def test_up_names_the_container_that_has_its_port(own: Clone):
    must("rm", "--force", own.id("gateway"))
    with container(tags()["gateway"], "--publish", f"127.0.0.1:{own.port}:80", command=("sleep", "infinity")) as name:
        assert_refused(own.invoke("up"), 9, f"port {own.port}", name, "HTTP_PORT")
    own.assert_right()


@pytest.mark.parametrize("image", ["slipway/none:1", "127.0.0.1:9/none:1"], ids=["missing", "registry unreachable"])
def test_up_refuses_an_image_that_cannot_be_had_and_says_what_to_check(own: Clone, image: str):
    with untouched(own):
        unreachable = image.startswith("127.")
        assert_refused(own.invoke("up", APP_IMAGE=image), 9, image, "APP_IMAGE", *["IMAGES=debian"] * unreachable)


def test_up_refuses_a_docker_without_compose(own: Clone, tmp_path: Path):
    # Docker takes the user's plugin before the system's, and one that does not introduce itself counts as none.
    plugin = tmp_path / "cli-plugins" / "docker-compose"
    plugin.parent.mkdir()
    plugin.write_text("#!/bin/sh\nexit 1\n")
    plugin.chmod(0o755)
    with untouched(own):
        done = own.invoke("up", DOCKER_CONFIG=str(tmp_path), REDIS_MEMORY="300MB")
        assert_refused(done, 9, "docker compose", "version 2")


def test_up_refuses_a_user_who_may_not_use_docker(own: Clone, tmp_path: Path):
    with untouched(own):
        if os.geteuid() == 0:
            done = own.begin("up", prefix=NOBODY).done()
        else:
            closed = socket.socket(socket.AF_UNIX)
            closed.bind(str(tmp_path / "closed.sock"))
            (tmp_path / "closed.sock").chmod(0)
            done = own.invoke("up", DOCKER_HOST=f"unix://{tmp_path}/closed.sock")
        assert_refused(done, 9, "this user may not use", "docker group")


@pytest.mark.parametrize("host", ["tcp://127.0.0.1:{port}", "unix:///nowhere/docker.sock"])
@pytest.mark.parametrize("words", [("up",), ("down",), ("status",)], ids=" ".join)
def test_nothing_is_done_without_an_engine_that_answers(own: Clone, host: str, words: tuple[str, ...]):
    before = own.ids()
    done = own.invoke(*words, DOCKER_HOST=host.format(port=free_port()))
    assert_refused(done, 9, "docker-engine")
    assert own.ids() == before


def test_local_is_refused_on_an_engine_that_does_not_see_these_files(own: Clone):
    with untouched(own), engine_over_tcp() as host:
        assert_refused(own.invoke("up", DOCKER_HOST=host), 9, "ENVIRONMENT", host, "--on production")


def test_unknown_and_malformed_settings_are_refused(own: Clone):
    with untouched(own):
        assert_refused(own.invoke("up", APP_REPLICAS="many"), 2, "APP_REPLICAS")
        own.settle(HTTP_PROT="80")
        assert_refused(own.invoke("up"), 2, "HTTP_PROT", "HTTP_PORT")
        own.forget("HTTP_PROT")
