"""What an image build needs to know of this machine's npm registry: the user's .npmrc, and NPM_CONFIG_… over it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

# Where packages come from, and how they are reached. The rest is about this machine: folders, habits of its user.
REGISTRY = re.compile(r"registry|@[\w.-]+:registry")
PLAIN = re.compile(
    r"//\S+:(_authToken|_auth|_password|username|email|always-auth)"
    r"|proxy|https-proxy|noproxy|strict-ssl|fetch-(retries|timeout)"
)
VARIABLE = re.compile(r"\$\{(\w+)\}")
PREFIX = "npm_config_"


def user_file(environment: Mapping[str, str]) -> str:
    """The text of the user's .npmrc; empty where there is none."""
    path = told(environment).get("userconfig") or Path(environment.get("HOME", "~"), ".npmrc")
    return Path(path).read_text() if Path(path).is_file() else ""


def config_text(text: str, environment: Mapping[str, str]) -> str:
    """An .npmrc with what a build can use: `text`, its ${NAME} filled in, and the environment over it."""
    kept = lines_of(text, environment) | told(environment)
    return "".join(f"{key} = {value}\n" for key, value in kept.items() if usable(key, value))


def usable(key: str, value: str) -> bool:
    """Whether a setting means something in a build; a registry in a folder of this machine does not."""
    if REGISTRY.fullmatch(key):
        return value.startswith(("http://", "https://"))
    return bool(PLAIN.fullmatch(key))


def lines_of(text: str, environment: Mapping[str, str]) -> dict[str, str]:
    """The settings of an .npmrc. A variable that is not set stays as it is written, as npm leaves it."""
    found = {}
    for line in text.splitlines():
        key, equals, value = line.partition("=")
        if equals and not key.lstrip().startswith(("#", ";")):
            filled = VARIABLE.sub(lambda each: environment.get(each[1], each[0]), value.strip().strip("\"'"))
            found[key.strip()] = filled
    return found


def told(environment: Mapping[str, str]) -> dict[str, str]:
    """The settings that the environment has for npm, by npm's own names."""
    pairs = ((name.lower(), value) for name, value in environment.items())
    return {
        name.removeprefix(PREFIX).replace("_", "-"): value for name, value in pairs if value and name.startswith(PREFIX)
    }
