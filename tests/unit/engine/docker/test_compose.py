"""Whether the docker command and its compose plugin are there, told without running them."""

from __future__ import annotations

from pathlib import Path

import pytest

from slipway.engine.docker import compose
from slipway.errors import EngineError
from slipway.system import transient


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


AWAY = "received unexpected HTTP status: 503 Service Unavailable"


@pytest.mark.parametrize(
    ("work", "says", "runs"),
    [
        ("build", f"ERROR: failed to solve: debian:13: failed to resolve source metadata: {AWAY}", 3),
        ("build", f"#9 4.2 {AWAY}", 1),  # a command of the Dockerfile has printed it
        ("build", "ERROR: failed to solve: no such stage", 1),
        ("pull", f"download failed after attempts=6: {AWAY}", 3),
    ],
)
def test_what_a_registry_fails_in_for_a_moment_is_asked_for_again(tmp_path, monkeypatch, work, says, runs):
    counter, docker = tmp_path / "runs", tmp_path / "docker"
    docker.write_text(f"#!/bin/sh\necho x >> {counter}\necho '{says}' >&2\nexit 1\n")
    docker.chmod(0o755)
    monkeypatch.setattr(transient, "PULLS", transient.Retry(tries=3, pause=0.001))
    env, told = {"PATH": f"{tmp_path}:/usr/bin:/bin"}, []
    monkeypatch.setenv("PATH", env["PATH"])
    with pytest.raises(EngineError):
        if work == "pull":
            compose.pull("debian:13", env, told.append)
        else:
            compose.build(["docker", "build"], env, told.append, "image app")
    assert len(counter.read_text().split()) == runs
    assert any("trying again" in line for line in told) is (runs > 1)
