"""`docker compose` by argv: what it is told, what it is handed, and what its failures mean."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from slipway.config.credentials import secrets_of
from slipway.engine.docker import meanings
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
REFERENCE = re.compile(r"\$\{([A-Z0-9_]+)")


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
    return (
        inherited.pick(KEPT)
        | secrets_of(stack.settings)
        | {f"APP_ENV_{key}": value.get_secret_value() for key, value in stack.settings.app_env.items()}
        | {f"SLIPWAY_{key(name)}_IMAGE": tag for name, tag in images.items()}
        | {f"SLIPWAY_CONFIG_{key(name)}": mark for name, mark in configs.items()}
    )


def key(name: str) -> str:
    return name.upper().replace("-", "_")


def sections(text: str) -> dict[str, str]:
    """The part of a rendered file that belongs to each service."""
    body = text.split("\nservices:\n", 1)[1].split("\nnetworks:\n", 1)[0]
    parts = re.split(r"(?m)^  ([a-z][a-z-]*):$", body)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def fingerprints(text: str, values: Mapping[str, str]) -> dict[str, str]:
    """What each service is started with: its own part of the file, and the values that this part refers to."""
    marks = {}
    for name, part in sections(text).items():
        referred = {
            key: values.get(key, "") for key in REFERENCE.findall(part) if not key.startswith("SLIPWAY_CONFIG_")
        }
        marks[name] = hashlib.sha256(repr((part, sorted(referred.items()))).encode()).hexdigest()[:16]
    return marks
