"""`docker compose` by argv: what it is told, what it is handed, and what its failures mean."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from slipway.config.credentials import secrets_of
from slipway.errors import ENGINE_FULL, ENGINE_GONE, EngineError
from slipway.stack.model import Stack
from slipway.system import inherited, process

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
# What engines and registries say, and what to do about it.
MEANINGS = (
    (
        r"cannot connect to the docker daemon|failed to connect to the docker API|error during connect|unexpected EOF",
        *ENGINE_GONE,
    ),
    (
        r"is not a docker command|unknown (shorthand )?flag|unknown command",
        "there is no `docker compose` (v2)",
        "the compose plugin, version 2 or newer",
        "install docker-compose-plugin; on Debian: sudo scripts/docker-engine",
    ),
    (
        r"port is already allocated|address already in use|failed to bind host port",
        "its port is taken",
        "a free port",
        "stop what holds it, or set HTTP_PORT in .env",
    ),
    (r"no space left on device", *ENGINE_FULL),
    (
        r"no such host|i/o timeout|connection refused|TLS handshake|failed to do request|network is unreachable|lookup ",
        "the registry cannot be reached",
        "a network that reaches it, or IMAGES=debian, which needs no registry but for APP_IMAGE",
        "set IMAGES=debian in .env, or check APP_IMAGE there if it is set, then ./invoke up",
    ),
    (
        r"pull access denied|manifest unknown|not found|No such image",
        "the image does not exist or is not yours to pull",
        "an image that the engine can pull",
        "check APP_IMAGE in .env; docker login, if it is private",
    ),
    (
        r"permission denied",
        "permission denied",
        "a user who may use Docker",
        "sudo usermod -aG docker $USER, then log in again",
    ),
)


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
        raise explain(where, failure) from None


def explain(where: str, failure: process.Failed) -> EngineError:
    text = "\n".join(failure.output)
    for pattern, found, expected, then in MEANINGS:
        if re.search(pattern, text, re.IGNORECASE):
            return EngineError(where, found, expected, then, failure.output)
    return EngineError(
        where, f"exit code {failure.returncode}", "a command that succeeds", "./invoke doctor", failure.output
    )


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
