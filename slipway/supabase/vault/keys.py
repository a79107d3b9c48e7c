"""Names of secrets as keys of settings: APP_ENV_PARTNER_API_KEY for `partner_api_key`. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from slipway.supabase import references
from slipway.supabase.interface import VaultSecret

PREFIX = "APP_ENV_"
ODD = re.compile(r"[^A-Z0-9_]+")


def keys(secrets: Iterable[VaultSecret], reserved: Collection[str]) -> dict[str, str]:
    """The key of each secret by its id, no two alike; `reserved` are names that the stack itself gives to the app."""
    found: dict[str, str] = {}
    for each in secrets:
        name = wanted(each, reserved)
        number = 1
        while (key := PREFIX + name + (f"_{number}" if number > 1 else "")) in found.values():
            number += 1
        found[each.id] = key
    return found


def wanted(secret: VaultSecret, reserved: Collection[str]) -> str:
    """Its name in capitals; its number, where it has none or somebody took the secret for it."""
    name = ODD.sub("_", secret.name.upper()).strip("_")
    if not name or references.secrets(secret.name):
        return f"VAULT_{secret.id.partition('-')[0].upper()}"
    return f"VAULT_{name}" if name in reserved or name[0].isdigit() else name


def label(secret: VaultSecret) -> str:
    """Its name as it may be shown."""
    shown = "".join(each if each.isprintable() else "?" for each in references.masked(secret.name))
    return shown or f"without a name, {secret.id}"
