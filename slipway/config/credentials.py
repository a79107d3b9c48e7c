"""Which settings are secret: those that have a value, and those that a stack cannot run without."""

from __future__ import annotations

from pydantic import SecretStr

from slipway.config.settings import Settings
from slipway.stack import stores


def secrets_of(settings: Settings) -> dict[str, str]:
    """Every secret that has a value, by its key in `.env`: what the engine hands on and nothing ever prints."""
    values = {name.upper(): getattr(settings, name) for name in type(settings).model_fields}
    values |= {f"APP_ENV_{key}": value for key, value in settings.app_env.items()}
    return {
        key: value.get_secret_value()
        for key, value in values.items()
        if isinstance(value, SecretStr) and value.get_secret_value()
    }


def required_secrets(s: Settings) -> list[str]:
    """Keys of the secrets that this stack cannot run without."""
    archive = ["PITR_CIPHER_PASSWORD"] if s.pitr else []
    return [*(key for store in stores.load() for key in store.secrets(s)), *archive]
