"""`docker compose` by argv: what it is told, what it is handed, and what its failures mean."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from slipway.engine.docker import meanings
from slipway.stack import references
from slipway.stack.model import Stack
from slipway.system import inherited, process, transient

KEPT = (
    "PATH",
    "HOME",
    "DOCKER_HOST",
    "DOCKER_CONTEXT",
    "DOCKER_CONFIG",
    "DOCKER_TLS_VERIFY",
    "DOCKER_CERT_PATH",
    "XDG_RUNTIME_DIR",
    "SSH_AUTH_SOCK",
    "LANG",
    "TERM",
)
# Where the docker command looks for its plugins, after the user's own directory.
PLUGINS = (
    "/usr/local/lib/docker/cli-plugins",
    "/usr/local/libexec/docker/cli-plugins",
    "/usr/lib/docker/cli-plugins",
    "/usr/libexec/docker/cli-plugins",
)
# Order, images and what is replaced are decided before Compose is asked.
UP = ("--progress", "plain", "up", "--detach", "--no-deps", "--no-build", "--pull", "never")


def command(stack: Stack, root: Path, file: Path, *words: str) -> list[str]:
    """`docker compose` on a rendered file, whose paths are relative to `compose/` wherever it lies."""
    place = ("--project-name", stack.name, "--project-directory", str(root / "compose"), "--file", str(file))
    return ["docker", "compose", *place, *words]


def is_installed(env: Mapping[str, str]) -> bool:
    """Whether docker and its compose plugin are there to be run. Asking them costs as much as starting a container."""
    own = Path(env.get("DOCKER_CONFIG") or Path(env.get("HOME", "/"), ".docker"), "cli-plugins")
    plugins = (Path(place, "docker-compose") for place in (own, *PLUGINS))
    return bool(shutil.which("docker", path=env.get("PATH"))) and any(os.access(each, os.X_OK) for each in plugins)


def refuse_missing(env: Mapping[str, str]) -> None:
    """Asks the docker command for its compose plugin, unless that stands where the command looks for it."""
    if not is_installed(env):
        run(["docker", "compose", "version", "--short"], env, lambda line: None, "docker compose")


def run(argv: Sequence[str], env: Mapping[str, str], say: Callable[[str], None], where: str) -> None:
    """Runs a docker command and streams what it says. Raises EngineError that tells what the failure means."""
    try:
        process.stream(argv, lambda line: say(line.strip()[:120]), env=env)
    except process.Failed as failure:
        raise meanings.explain(where, failure) from None


def pull(tag: str, env: Mapping[str, str], say: Callable[[str], None]) -> None:
    """Pulls an image; again where its registry or the way to it fails for a moment."""
    again(["docker", "pull", tag], env, say, f"image {tag}", lambda line: True)


def push(tag: str, env: Mapping[str, str], say: Callable[[str], None]) -> None:
    """Pushes an image; again where its registry or the way to it fails for a moment."""
    again(["docker", "push", tag], env, say, f"image {tag}", lambda line: True)


def build(argv: Sequence[str], env: Mapping[str, str], say: Callable[[str], None], where: str) -> None:
    """Runs a build; again where the registry of its floor fails for a moment. What a Dockerfile's command prints is its own."""
    again(argv, env, say, where, meanings.SENTENCE.search)


def again(
    argv: Sequence[str], env: Mapping[str, str], say: Callable[[str], None], where: str, counts: Callable[[str], object]
) -> None:
    """`run`; again while a line of it that counts says of a registry what passes by itself."""

    def passing(error: Exception) -> str:
        lines = getattr(error, "log", ())
        return next((line for line in lines if counts(line) and transient.REGISTRY.search(line)), "")

    transient.again(lambda: run(argv, env, say, where), passing, transient.PULLS, say)


def environment(stack: Stack, images: Mapping[str, str], configs: Mapping[str, str]) -> dict[str, str]:
    """What the rendered file refers to. Handed over in memory: neither a file nor an argument holds a secret."""
    return inherited.pick(KEPT) | references.values(stack, images, configs)
