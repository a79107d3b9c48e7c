"""What is refused before anything is touched: no compose, a full disk, a taken port."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path

from slipway.config.settings import Settings
from slipway.engine.docker import containers
from slipway.engine.docker.client import Connection
from slipway.errors import ENGINE_FULL, EngineError

ROOM = 2 * 2**30


def refuse_full_disk(connection: Connection) -> None:
    where = connection.api.info()["DockerRootDir"] if connection.local else ""
    if where and Path(where).exists() and (free := shutil.disk_usage(where).free) < ROOM:
        raise EngineError(
            where,
            f"{free // 2**20} MB free",
            f"{ROOM // 2**30} GB for images and data",
            ENGINE_FULL[2],
        )


def refuse_taken_port(connection: Connection, settings: Settings) -> None:
    port = settings.front_port
    if connection.local and is_listening(port, settings.front_host):
        name = containers.publisher(connection, port)
        raise EngineError(
            f"port {port}",
            f"taken by {f'container {name}' if name else 'another program'}",
            "a free port for the front door",
            "stop that program, or set HTTP_PORT in .env to another port",
        )


def is_listening(port: int, host: str = "") -> bool:
    """Whether something answers on a port of this machine, at one of its addresses."""
    try:
        socket.create_connection((host.strip("[]") or "127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
