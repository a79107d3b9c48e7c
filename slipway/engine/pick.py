"""Which engine runs a stack: the one that the settings name, else Docker where an engine answers, else embedded."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from slipway.engine import Engine
from slipway.errors import EngineError
from slipway.stack import Stack


def pick(stack: Stack, root: Path, environ: Mapping[str, str]) -> tuple[Engine, str]:
    """The engine, and the reason where it is not plain. Raises EngineError if the one that was asked for is not there."""
    from slipway.engine.embedded import Embedded

    wish = stack.settings.engine
    embedded = Embedded(stack, root)
    if wish == "embedded":
        return embedded, ""
    if wish == "auto" and (embedded.home / "postgres" / "data").exists():
        return embedded, "its data is here; ENGINE=docker starts afresh on Docker"
    from slipway.engine.docker import client

    try:
        return docker(stack, root, environ, client.connect(environ)), ""
    except EngineError as error:
        if wish == "docker":
            raise
        return embedded, f"no Docker: {error.found}"


def docker(stack: Stack, root: Path, environ: Mapping[str, str], connection) -> Engine:
    from slipway.engine.docker import Docker

    return Docker(stack, root, environ, connection)
