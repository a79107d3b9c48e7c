"""Which settings are secret: those that have a value, and those that a stack cannot run without."""

from __future__ import annotations

import re

from pydantic import SecretStr

from slipway.config.settings import Settings
from slipway.stack import stores
from slipway.system.redact import Masker

NAMED = re.compile("token|secret|passw|pwd|key|dsn|auth|credential|salt|private", re.IGNORECASE)
# info, production, 8080, https://shop.example.com: what our own sentences are made of, and no secret by themselves.
ORDINARY = re.compile("[A-Za-z]{,15}|[0-9.:]{,7}|https?://[^/@?#]+(/[^?#]{,7})?")


def secrets_of(settings: Settings) -> dict[str, str]:
    """Every secret that has a value, by its key in `.env`: what the engine hands on and nothing ever prints."""
    values = {name.upper(): getattr(settings, name) for name in type(settings).model_fields}
    values |= {f"APP_ENV_{key}": value for key, value in settings.app_env.items()}
    return {
        key: value.get_secret_value()
        for key, value in values.items()
        if isinstance(value, SecretStr) and value.get_secret_value()
    }


def masker_of(settings: Settings) -> Masker:
    """What hides every secret of these settings; of the app's own environment (`hides`) what may be one."""
    public = {
        str(getattr(settings, name))
        for name in type(settings).model_fields
        if not isinstance(getattr(settings, name), SecretStr)
    }
    return Masker(
        value
        for key, value in secrets_of(settings).items()
        if not key.startswith("APP_ENV_") or (value not in public and hides(key, value))
    )


def hides(key: str, value: str) -> bool:
    """Whether a value of the app's own environment may be a secret: it is named like one, or is more than a word."""
    return bool(NAMED.search(key.removeprefix("APP_ENV_"))) or not ORDINARY.fullmatch(value)


def required_secrets(s: Settings) -> list[str]:
    """Keys of the secrets that this stack cannot run without."""
    archive = ["PITR_CIPHER_PASSWORD"] if s.pitr else []
    return [*(key for store in stores.load() for key in store.secrets(s)), *archive]
