"""What engines, registries and the docker command say of a failure, and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from slipway.errors import ENGINE_FULL, ENGINE_GONE, EngineError
from slipway.system import process

# The sentence of the engine or of its builder. What a build or a service has printed may hold any of the words below.
SENTENCE = re.compile(
    r"error response from daemon|failed to (solve|connect)|error during connect|cannot connect to the docker daemon"
    r"|unable to get image|unexpected EOF|is not a docker command|unknown (shorthand )?(flag|command)",
    re.IGNORECASE,
)
# What it says, what that means (with groups of the pattern), what is expected, what to type next.
MEANINGS = (
    (
        r"cannot connect to the docker daemon|failed to connect to the docker API|error during connect|unexpected EOF",
        *ENGINE_GONE,
    ),
    (
        r"is not a docker command|unknown (?:shorthand )?flag|unknown command",
        "there is no `docker compose` (v2)",
        "the compose plugin, version 2 or newer",
        "install docker-compose-plugin; on Debian: sudo scripts/docker-engine",
    ),
    (
        r'process "(.*)" did not complete successfully: exit code: (\d+)',
        "a command of its Dockerfile ended with exit code {1}: {0}",
        "a build that succeeds",
        "read the lines above, which are the command's own",
    ),
    (
        r'exec: "(.*?)": (?:executable file not found|stat .*: no such file|no such file|permission denied|is a directory)',
        "the image has no program {0}",
        "a program that the image holds and may run",
        "check APP_COMMAND in .env, or CMD and ENTRYPOINT in the app's Dockerfile",
    ),
    (
        r"unable to find (user|group) (\S+?):",
        "the image has no {0} {1}",
        "a user and a group that the image has",
        "check USER in the app's Dockerfile",
    ),
    (
        r"port is already allocated|address already in use|failed to bind host port",
        "its port is taken",
        "a free port",
        "stop what holds it, or set HTTP_PORT in .env",
    ),
    (r"no space left on device", *ENGINE_FULL),
    (
        r"no such host|i/o timeout|connection refused|TLS handshake|failed to do request|network is unreachable",
        "the registry cannot be reached",
        "a network that reaches it, or IMAGES=debian, which needs no registry but for APP_IMAGE",
        "set IMAGES=debian in .env, or check APP_IMAGE there if it is set, then ./invoke up",
    ),
    (
        r"pull access denied|manifest unknown|manifest for \S+ not found|No such image|repository does not exist"
        r"|failed to resolve (?:reference|source metadata)",
        "the image does not exist or is not yours to pull",
        "an image that the engine can pull",
        "check APP_IMAGE in .env; docker login, if it is private",
    ),
    (
        r'failed to calculate checksum of ref .*: "(.*?)": not found',
        "there is no {0} that its Dockerfile copies",
        "a file in the directory of the app, and not left out by .dockerignore",
        "check COPY and ADD in the Dockerfile, and .dockerignore",
    ),
    (
        r"permission denied while trying to connect",
        "permission denied",
        "a user who may use Docker",
        "sudo usermod -aG docker $USER, then log in again",
    ),
)


def explain(where: str, failure: process.Failed) -> EngineError:
    """The failure of a docker command as what it means; everything that was said is its log."""
    text = "\n".join(find_sentences(failure.output))
    for pattern, found, expected, then in MEANINGS:
        if match := re.search(pattern, text, re.IGNORECASE):
            return EngineError(where, found.format(*match.groups()), expected, then, failure.output)
    return EngineError(
        where, f"exit code {failure.returncode}", "a command that succeeds", "./invoke doctor", failure.output
    )


def find_sentences(lines: Sequence[str]) -> Sequence[str]:
    """The lines in which the engine says what is wrong, or else all of them."""
    return [line for line in lines if SENTENCE.search(line)] or lines
