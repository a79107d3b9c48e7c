"""What the fake server deploys onto: the real engine, or one of memory for tests that need none."""

from __future__ import annotations

import json
import os
import subprocess
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, Protocol

import yaml


class Engine(Protocol):
    def begin(self, argv: Sequence[str], folder: Path, log: IO[bytes]) -> subprocess.Popen:
        """A docker command that runs, a group of processes of its own."""

    def containers(self, app_name: str) -> list[dict[str, str]]:
        """Rows as docker.getContainersByAppNameMatch answers."""

    def inspect(self, container: str) -> dict[str, Any] | None: ...

    def log(self, container: str, lines: int) -> str: ...


def launch(argv: Sequence[str], folder: Path, log: IO[bytes]) -> subprocess.Popen:
    # As Dokploy does: none of the caller's environment, and so no DOCKER_HOST.
    env = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.Popen(
        argv, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
    )


class Docker:
    """The engine that answers at the default socket."""

    def begin(self, argv: Sequence[str], folder: Path, log: IO[bytes]) -> subprocess.Popen:
        return launch(argv, folder, log)

    def containers(self, app_name: str) -> list[dict[str, str]]:
        fields = "{{.ID}}\t{{.Names}}\t{{.State}}\t{{.Status}}"
        label = f"label=com.docker.compose.project={app_name}"
        done = subprocess.run(
            ["docker", "ps", "-a", "--format", fields, "--filter", label], text=True, capture_output=True
        )
        names = ("containerId", "name", "state", "status")
        return [dict(zip(names, line.split("\t"), strict=True)) for line in done.stdout.splitlines()]

    def inspect(self, container: str) -> dict[str, Any] | None:
        done = subprocess.run(["docker", "inspect", container], text=True, capture_output=True)
        return json.loads(done.stdout)[0] if done.returncode == 0 else None

    def log(self, container: str, lines: int) -> str:
        words = ["docker", "logs", "--tail", str(lines), container]
        return subprocess.run(words, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout


class Memory:
    """Runs a shell script in the place of each docker command, which it finds in "$@"; what that would start is
    there as soon as it begins. `script` may be changed at any time.
    """

    def __init__(self, script: str = 'echo "ran: $*"'):
        self.script = script
        self.there: dict[str, dict[str, Any]] = {}  # by id, as docker inspect tells it
        self.commands: list[list[str]] = []

    def begin(self, argv: Sequence[str], folder: Path, log: IO[bytes]) -> subprocess.Popen:
        self.commands.append(list(argv))
        script = argv[-1] if argv[1] == "exec" else self.script
        file = folder / argv[argv.index("-f") + 1] if "-f" in argv else None
        if file and not file.exists():
            script = f"echo 'open {file}: no such file or directory'; exit 14"
        elif "up" in argv:
            self.up(folder.parent.name, folder)
        if "down" in argv:
            self.there = {}
        return launch(["sh", "-c", script, "sh", *argv], folder, log)

    def up(self, app_name: str, folder: Path) -> None:
        file = yaml.safe_load((folder / "docker-compose.yml").read_text())
        for name, service in file["services"].items():
            row = running(app_name, name, service.get("image", ""))
            known = [key for key, each in self.there.items() if each["Name"] == row["Name"]]
            self.there[known[0] if known else uuid.uuid4().hex[:12]] = row

    def containers(self, app_name: str) -> list[dict[str, str]]:
        own = [
            (key, each) for key, each in self.there.items() if labels(each)["com.docker.compose.project"] == app_name
        ]
        return [
            {"containerId": key, "name": each["Name"][1:], "state": each["State"]["Status"], "status": "Up 2 seconds"}
            for key, each in own
        ]

    def inspect(self, container: str) -> dict[str, Any] | None:
        return self.there.get(container)

    def log(self, container: str, lines: int) -> str:
        return f"log of {container}\n"


def labels(inspected: dict[str, Any]) -> dict[str, str]:
    return inspected["Config"]["Labels"]


def running(app_name: str, service: str, image: str) -> dict[str, Any]:
    marks = {"com.docker.compose.project": app_name, "com.docker.compose.service": service}
    return {
        "Name": f"/{app_name}-{service}-1",
        "State": {"Status": "running", "ExitCode": 0, "StartedAt": "2026-09-01T10:00:00Z"},
        "Config": {"Labels": marks, "Image": image},
        "RestartCount": 0,
        "Image": "sha256:0",
    }
