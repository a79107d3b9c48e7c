"""Loopback ports of the embedded services: chosen once, kept as long as nobody else takes them."""

from __future__ import annotations

import errno
import json
import random
import socket
from pathlib import Path

from slipway.errors import EngineError
from slipway.stack import stores

SERVICES = (*stores.NAMES, "app")
RANGE = (10_000, 20_000)  # Linux gives out 32768 to 60999 (ip_local_port_range), others from 49152 on
CLAIMS: dict[int, socket.socket] = {}


def load(path: Path) -> dict[str, int]:
    try:
        return {name: int(port) for name, port in json.loads(path.read_text()).items()}
    except (FileNotFoundError, ValueError, TypeError, AttributeError):
        return {}  # lost or damaged: they are chosen anew


def choose(saved: dict[str, int], running: frozenset[str], front: int, insist: bool) -> dict[str, int]:
    """A port for each service. Those that run keep theirs; the others keep theirs while it is free.

    `front` is the port that the app should have; if `insist`, only that one will do (EngineError when it is taken).
    """
    ports: dict[str, int] = {}
    for name in SERVICES:
        wish = front if name == "app" and (insist or name not in saved) else saved.get(name, 0)
        if name in running and name in saved and (name != "app" or not insist or saved[name] == front):
            ports[name] = saved[name]
        elif wish and free(wish) and wish not in ports.values() and (name != "app" or insist or claimed(wish)):
            ports[name] = wish
        elif name == "app" and insist:
            raise taken(wish)
        else:
            ports[name] = next(port for port in iter(unused, None) if port not in ports.values())
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


def claimed(port: int) -> bool:
    """Whether this process has it until it ends, though nothing listens there yet.

    Another stack that comes up in the same seconds would take the same front door, and take our app for its own. Who
    chooses a port holds its namesake of UDP, which nobody here uses and which no process leaves behind.
    """
    if port not in CLAIMS:
        claim = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            claim.bind(("127.0.0.1", port))
        except OSError:
            claim.close()
            return False
        CLAIMS[port] = claim
    return True


def unused() -> int:
    """A free port, from below those that systems give to outgoing connections: one of these could have it before us."""
    return next(port for port in iter(lambda: random.randrange(*RANGE), None) if free(port))  # noqa: S311


def taken(port: int) -> EngineError:
    return EngineError(
        f"port {port}",
        f"taken by {holder(port)}",
        "a free port for the front door",
        "stop that program, or set HTTP_PORT in .env to another port",
    )


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
