"""What a rendered file refers to: the values that fill it in, and by them what each service was started with. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

from slipway.config.credentials import secrets_of
from slipway.stack.model import Stack

REFERENCE = re.compile(r"\$\{([A-Za-z0-9_]+)")
START = re.compile(r"\$\$|\$\{(\w+)")  # $$ stands for a dollar
LED = re.compile(r"\$\{(?:BLUE|GREEN)_\w+:-(\$\{\w+(?::[^}]*)?\})\}")
SECTION = re.compile(r"(?m)^  ([a-z][a-z0-9-]*):$")


def values(stack: Stack, images: Mapping[str, str], configs: Mapping[str, str]) -> dict[str, str]:
    """The secrets, the app's own environment, and image and fingerprint of each service that one is given for."""
    return (
        secrets_of(stack.settings)
        | {f"APP_ENV_{key}": value.get_secret_value() for key, value in stack.settings.app_env.items()}
        | {f"SLIPWAY_{key(name)}_IMAGE": tag for name, tag in images.items()}
        | {f"SLIPWAY_CONFIG_{key(name)}": mark for name, mark in configs.items()}
    )


def of_colour(text: str, colour: str) -> str:
    """The text with each reference led to the value of one colour where there is one: ${KEY} is ${BLUE_KEY:-${KEY}}."""
    if not colour:
        return text
    told, at = "", 0
    for found in START.finditer(text):
        if found.start() < at:
            continue  # within one that was led already, or a dollar that is doubled
        whole = text[found.start() : closing(text, found.end())] if found[1] else found[0]
        led = f"${{{colour.upper()}_{found[1]}:-{whole}}}" if found[1] else whole
        told, at = told + text[at : found.start()] + led, found.start() + len(whole)
    return told + text[at:]


def closing(text: str, at: int) -> int:
    """The place behind the brace that closes the one before `at`."""
    depth = 1
    while depth and at < len(text):
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        at += 1
    return at


def of_any_colour(text: str) -> str:
    """The text with what `of_colour` has led elsewhere led back."""
    return LED.sub(r"\1", text)


def key(name: str) -> str:
    return name.upper().replace("-", "_")


def sections(text: str) -> dict[str, str]:
    """The part of a rendered file that belongs to each service."""
    body = text.split("\nservices:\n", 1)[1].split("\nnetworks:\n", 1)[0]
    parts = SECTION.split(body)
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
