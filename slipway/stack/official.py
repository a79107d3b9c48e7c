"""The official images by their tags: of each service, and what images that are built here stand on."""

from __future__ import annotations

from slipway.stack import stores

GATEWAY = "caddy:2.11"
PYTHON = "python:3.13-slim"


def tags() -> tuple[str, ...]:
    """All of them, whatever the settings of one stack ask for."""
    return (*(tag for store in stores.load() for tag in store.official), GATEWAY, PYTHON)
