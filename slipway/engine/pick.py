"""Which engine runs a stack: the one that the settings name, else Docker where an engine answers, else embedded."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from slipway.engine import Engine
from slipway.errors import EngineError, SettingsError
from slipway.stack.model import Stack


def pick(stack: Stack, root: Path, environ: Mapping[str, str]) -> tuple[Engine, str]:
    """The engine, and the reason where it is not plain.

    Raises EngineError if the one that was asked for is not there, SettingsError if it cannot do what the settings say.
    """
    engine, note = choose(stack, root, environ)
    if stack.settings.pitr and engine.name == "embedded":
        raise SettingsError(
            "PITR",
            f"true, on the embedded engine{f' ({note})' if note else ''}",
            "the docker engine: the servers that come as wheels have no pgBackRest",
            "set PITR=false in .env, or ENGINE=docker where a Docker engine answers",
        )
    engine.refuse_other_owner()
    return engine, note


def choose(stack: Stack, root: Path, environ: Mapping[str, str]) -> tuple[Engine, str]:
    """The engine that the settings and this machine give."""
    wish = stack.settings.engine
    if wish == "dokploy":
        from slipway.engine.dokploy import engine

        return engine.connect(stack, root, environ), ""
    if wish != "docker":
        embedded = embed(stack, root)
        if wish == "embedded":
            return embedded, ""
        if (embedded.home / "postgres" / "data").exists():
            return embedded, "its data is here; ENGINE=docker starts afresh on Docker"
    from slipway.engine.docker import client

    try:
        return docker(stack, root, environ, client.connect(environ)), ""
    except EngineError as error:
        if wish == "docker":
            raise
        return embedded, f"no Docker: {error.found}"


def why_no_docker(environ: Mapping[str, str]) -> EngineError | None:
    """Why no Docker engine answers; None where one does."""
    from slipway.engine.docker import client

    try:
        client.connect(environ)
    except EngineError as error:
        return error
    return None


def embed(stack: Stack, root: Path) -> Engine:
    from slipway.engine.embedded.engine import Embedded

    return Embedded(stack, root)


def docker(stack: Stack, root: Path, environ: Mapping[str, str], connection) -> Engine:
    from slipway.engine.docker.engine import Docker

    return Docker(stack, root, environ, connection)
