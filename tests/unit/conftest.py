"""Settings for tests that touch no service: complete, valid, with secrets that can be searched for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from slipway.config import envfile
from slipway.config.settings import Settings
from slipway.system import redact

# Marked so that a leak into any text is found by searching for these very characters.
SECRETS = {
    key: f"5ecreT-{number:02}-wxyzWXYZ"
    for number, (key, field) in enumerate(envfile.KEYS.items())
    if field.json_schema_extra
}


def settings_of(**values: object) -> Settings:
    """Settings with every secret set; `values` by field name override."""
    return Settings(**{key.lower(): value for key, value in SECRETS.items()} | values)


def text_of(values: Mapping[str, str]) -> str:
    return "".join(f"{key}={value}\n" for key, value in values.items())


@pytest.fixture(autouse=True)
def forget_secrets() -> Iterator[None]:
    """No test hides what another one's settings held."""
    yield
    redact.learn(redact.Masker())


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., Settings]:
    """Load an environment from the bytes of its file: load(b"KEY=value", on="staging", environ={...})."""

    def loaded(content: bytes, on: str = "local", environ: Mapping[str, str] | None = None) -> Settings:
        envfile.path_of(tmp_path, on).write_bytes(content)
        return envfile.load(tmp_path, on, environ or {})

    return loaded
