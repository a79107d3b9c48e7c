"""Loopback ports of the embedded services: chosen once, kept as long as nobody else takes them."""

from __future__ import annotations

import errno
import json
import socket
from pathlib import Path

from slipway.errors import EngineError

SERVICES = ("postgres", "redis", "objects", "app")


def load(path: Path) -> dict[str, int]:
    try:
        return {name: int(port) for name, port in json.loads(path.read_text()).items()}
    except (FileNotFoundError, ValueError, TypeError, AttributeError):
        return {}       # lost or damaged: they are chosen anew


def choose(saved: dict[str, int], running: frozenset[str], front: int, insist: bool) -> dict[str, int]:
    """A port for each service. Those that run keep theirs; the others keep theirs while it is free.

    `front` is the port that the app should have; if `insist`, only that one will do (EngineError when it is taken).
    """
    ports: dict[str, int] = {}
    for name in SERVICES:
        wish = front if name == "app" and (insist or name not in saved) else saved.get(name, 0)
        if name in running and name in saved and (name != "app" or not insist or saved[name] == front):
            ports[name] = saved[name]
        elif wish and free(wish) and wish not in ports.values():
            ports[name] = wish
        elif name == "app" and insist:
            raise taken(wish)
        else:
            ports[name] = unused()
    return ports


def free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise
    return True


def unused() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def taken(port: int) -> EngineError:
    return EngineError(f"port {port}", f"taken by {holder(port)}", "a free port for the front door",
                       "stop that program, or set HTTP_PORT in .env to another port")


def holder(port: int) -> str:
    """Name and id of the process that listens on a port, as far as this user may know."""
    import psutil

    try:
        for connection in psutil.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port and connection.pid:
                return f"{psutil.Process(connection.pid).name()} (process {connection.pid})"
    except psutil.Error:
        return "another program"
    return "another program"
