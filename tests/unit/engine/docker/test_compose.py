"""Whether the docker command and its compose plugin are there, told without running them; and what their errors mean."""

from __future__ import annotations

from pathlib import Path

import pytest

from slipway.engine.docker import compose
from slipway.errors import ENGINE_GONE
from slipway.system import process


def program(path: Path, mode: int = 0o755) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(mode)
    return path


@pytest.mark.parametrize(
    ("docker", "plugin", "found"), [(True, True, True), (True, False, False), (False, True, False)]
)
@pytest.mark.parametrize("config", ["DOCKER_CONFIG", "HOME"])
def test_compose_is_found_where_docker_looks_for_it(tmp_path, monkeypatch, docker, plugin, found, config):
    monkeypatch.setattr(compose, "PLUGINS", ())
    own = tmp_path if config == "DOCKER_CONFIG" else tmp_path / ".docker"
    if docker:
        program(tmp_path / "bin" / "docker")
    program(own / "cli-plugins" / "docker-compose", 0o755 if plugin else 0o644)
    assert compose.is_installed({"PATH": str(tmp_path / "bin"), config: str(tmp_path)}) is found


@pytest.mark.parametrize(
    ("said", "found"),
    [
        (
            "unable to get image 'a:1': Cannot connect to the Docker daemon at unix:///run/x.sock. Is the docker daemon running?",
            ENGINE_GONE[0],
        ),
        ("Cannot connect to the Docker daemon at tcp://127.0.0.1:2375: connection refused", ENGINE_GONE[0]),
        ('error during connect: Post "http://%2Frun%2Fx.sock/v1.51/containers/b5c9/start": EOF', ENGINE_GONE[0]),
        ("failed to connect to the docker API at unix:///run/x.sock; check if the daemon is running", ENGINE_GONE[0]),
        (
            "permission denied while trying to connect to the Docker daemon socket at unix:///run/x.sock",
            "permission denied",
        ),
        ("dial tcp 10.0.0.1:443: connect: connection refused", "the registry cannot be reached"),
        ("pull access denied for a, repository does not exist", "the image does not exist or is not yours to pull"),
        ("write /var/lib/docker/tmp/x: no space left on device", "the disk of the engine is full"),
        ("Bind for 0.0.0.0:80 failed: port is already allocated", "its port is taken"),
        ("something new", "exit code 1"),
    ],
)
def test_what_docker_says_is_told_by_what_it_means(said, found):
    error = compose.explain("docker compose up", process.Failed(["docker", "compose"], 1, [said]))
    assert error.found == found and said in error.log
