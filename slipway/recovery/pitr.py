"""What is refused where there is no archive."""

from __future__ import annotations

from slipway.environment import Environment
from slipway.errors import SettingsError


def refuse_without(env: Environment) -> None:
    """Raises SettingsError where there is no archive to work on."""
    if not env.settings.pitr:
        raise SettingsError(
            "PITR",
            "false",
            "true, so that every change is archived from then on",
            f"set PITR=true in .env{'' if env.settings.local else f'.{env.on}'}, then ./invoke up{env.flag}",
        )
