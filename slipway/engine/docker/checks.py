"""What is refused before anything is touched: no compose, a full disk, a taken port."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path

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


def refuse_taken_port(connection: Connection, port: int) -> None:
    if connection.local and is_listening(port):
        name = containers.publisher(connection, port)
        raise EngineError(
            f"port {port}",
            f"taken by {f'container {name}' if name else 'another program'}",
            "a free port for the front door",
            "stop that program, or set HTTP_PORT in .env to another port",
        )


def is_listening(port: int) -> bool:
    """Whether something answers on a port of this machine."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
