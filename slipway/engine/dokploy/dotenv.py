"""The environment of a service as Dokploy keeps it: one text, written so that it reads just what was meant."""

from __future__ import annotations

import re
from collections.abc import Mapping

from slipway.errors import SettingsError
from slipway.stack.dokploy import env_values

NAME = re.compile(r"[A-Za-z0-9_.-]+")
REFERENCE = "${{"  # which Dokploy fills in


def write(values: Mapping[str, str]) -> str:
    """The text. Raises SettingsError for a value that no form of it holds, which is not shown."""
    return "".join(f"{name(key)}={spell(key, value)}\n" for key, value in sorted(values.items()))


def name(key: str) -> str:
    if not NAME.fullmatch(key):
        raise SettingsError(
            f"the name {key[:60]!r}",
            "one that Dokploy drops, or reads as another",
            "letters, digits, _ . and -",
            "rename it",
        )
    return key


def spell(key: str, value: str) -> str:
    written = env_values.quote(value)
    if written is None or REFERENCE in value:
        raise SettingsError(
            key,
            f"a value that Dokploy would read as another one ({f'it holds {REFERENCE}' if written else 'quotes of all kinds'})",
            "a value that a .env of Dokploy can hold: see docs/dokploy.md, Values that stay",
            f"change {key}",
        )
    return written


def read(text: str) -> dict[str, str]:
    """What Dokploy reads in a text; of a key that is there twice the last counts."""
    return {each.key: each.value for each in env_values.read(text)}
