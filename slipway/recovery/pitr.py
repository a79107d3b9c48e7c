"""What is refused where there is no archive."""

from __future__ import annotations

from slipway.environment import World
from slipway.errors import SettingsError


def refuse_without(world: World) -> None:
    """Raises SettingsError where there is no archive to work on."""
    if not world.settings.pitr:
        raise SettingsError(
            "PITR",
            "false",
            "true, so that every change is archived from then on",
            f"set PITR=true in .env{'' if world.settings.local else f'.{world.on}'}, then ./invoke up{world.flag}",
        )
