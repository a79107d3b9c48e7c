"""How others put a new version of one app behind Caddy: plain Compose, and the published sequence of docker-rollout."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.harness import environment, free_port
from slipway.system import http

FILE = Path(__file__).with_name("deploy.compose.yaml")
DEADLINE = 90


@dataclass(frozen=True)
class Stack:
    """A hand-written stack: its name, what its file refers to, and its front door."""

    name: str
    env: dict[str, str]
    url: str

    def compose(self, *words: str, version: str) -> None:
        docker(("compose", "-p", self.name, "-f", str(FILE), *words), self.env | {"VERSION": version})

    def containers(self) -> list[str]:
        labels = ("label=com.docker.compose.service=app", f"label=com.docker.compose.project={self.name}")
        return docker(("ps", "-q", *(word for label in labels for word in ("--filter", label))), self.env).split()


def docker(words: Sequence[str], env: dict[str, str]) -> str:
    return subprocess.run(["docker", *words], env=env, check=True, capture_output=True, text=True).stdout


@contextmanager
def stack(app: str, gateway: str) -> Iterator[Stack]:
    """The stack with its app ready; gone afterwards."""
    port = free_port()
    env = environment(SLIPWAY_APP_IMAGE=app, SLIPWAY_GATEWAY_IMAGE=gateway, PEER_PORT=port)
    made = Stack("slipway-bench-deploy-peer", env, f"http://127.0.0.1:{port}")
    try:
        made.compose("up", "-d", "--wait", version="v0")
        answering(made)
        yield made
    finally:
        made.compose("down", "--volumes", version="v0")


def recreate(made: Stack, version: str) -> None:
    """`docker compose up -d`, and then until the app answers: the next one must not begin on a broken one."""
    made.compose("up", "-d", version=version)
    answering(made)


def rollout(made: Stack, version: str) -> None:
    """docker-rollout 0.13 (github.com/wowu/docker-rollout): twice as many, wait for health, stop and remove the old."""
    old = made.containers()
    made.compose("up", "-d", "--scale", f"app={2 * len(old)}", "--no-recreate", "app", version=version)
    new = [each for each in made.containers() if each not in old]
    wait(lambda: all(healthy(made, each) for each in new), 1.0)
    docker(("stop", *old), made.env)
    docker(("rm", *old), made.env)


def healthy(made: Stack, container: str) -> bool:
    return docker(("inspect", "--format", "{{.State.Health.Status}}", container), made.env).strip() == "healthy"


def answering(made: Stack) -> None:
    wait(lambda: http.ask(f"{made.url}/ready")[0], 0.1)


def wait(state, every: float) -> None:
    deadline = time.monotonic() + DEADLINE
    while not state():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {DEADLINE} s")
        time.sleep(every)
