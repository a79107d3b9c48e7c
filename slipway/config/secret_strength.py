"""Secrets that are missing, weak or shared: refused before anything starts with them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from slipway.config.credentials import required_secrets, secrets_of
from slipway.config.settings import Settings
from slipway.errors import SettingsError

WEAK = (
    "password",
    "passw0rd",
    "changeme",
    "secret",
    "postgres",
    "minioadmin",
    "rustfsadmin",
    "admin",
    "qwerty",
    "example",
)
RANDOM_HEX = "python3 -c 'import secrets; print(secrets.token_hex(20))'"


def check(settings: Settings, path: Path) -> None:
    """Refuses missing secrets everywhere, and weak or shared ones outside local."""
    have = secrets_of(settings)
    on = "" if path.name == ".env" else f" --on {path.name.removeprefix('.env.')}"
    for key in required_secrets(settings):
        if key not in have:
            raise SettingsError(
                f"{key} in {path.name}",
                "no value",
                "a random secret",
                f"./invoke init{on} writes {path.name}"
                if not path.exists()
                else f"put one in {path.name}; this prints one: {RANDOM_HEX}",
            )
    if not settings.local:
        for key in required_secrets(settings):
            reason = weakness(have[key], [value for other, value in have.items() if other != key])
            if reason:
                raise SettingsError(f"{key} in {path.name}", reason, "16 or more random characters", RANDOM_HEX)


def weakness(value: str, others: Iterable[str]) -> str | None:
    """Why a secret would not hold, or None. Says nothing of its characters."""
    if len(value) < 16:
        return f"a secret of {len(value)} characters"
    if any(word in value.lower() for word in WEAK):
        return "a secret made of a word that attackers try first"
    if len(set(value)) < 8:
        return f"a secret of {len(set(value))} different characters"
    return "the same secret as another key's" if value in others else None
