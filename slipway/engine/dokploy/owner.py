"""The mark of a stack's owner on a server of Dokploy: variables of the service's environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from slipway.engine import owner
from slipway.engine.dokploy import dotenv
from slipway.engine.dokploy.api.answers import Stored
from slipway.engine.owner import Owner
from slipway.errors import SettingsError
from slipway.stack.model import Stack

PREFIX = "SLIPWAY_OWNER_"


def marks(ours: Owner) -> dict[str, str]:
    return {PREFIX + key.upper(): value for key, value in asdict(ours).items() if value}


def read(env: Mapping[str, str]) -> Owner | None:
    """The owner that an environment names."""
    fields = {name: env.get(PREFIX + name.upper(), "") for name in Owner.__dataclass_fields__}
    return Owner(**fields) if any(fields.values()) else None


def refuse_other(stored: Stored, stack: Stack, root) -> None:
    """Raises SettingsError for a service of another owner, or one that was not made by this program."""
    kept = read(dotenv.read(stored.env.value))
    if kept is None and stored.compose_file.strip():
        raise SettingsError(
            f"Dokploy: compose service {stored.service.name}",
            "a stack that was not deployed by Slipway",
            "a service of its own",
            "set another PROJECT, or rename that service in Dokploy's page; nothing was touched",
        )
    owner.refuse_other(kept, stack, root)
