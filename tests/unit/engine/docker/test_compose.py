"""Whether the docker command and its compose plugin are there, told without running them."""

from __future__ import annotations

from pathlib import Path

import pytest

from slipway.engine.docker import compose


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
