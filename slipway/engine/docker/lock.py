"""The lock of a stack on a Docker engine: a container with the lock's name, which only one client can create.

It lives exactly as long as the connection of the client that holds it: its only process waits for that client's
heartbeat and ends without it, and the engine then removes the container. So a killed client, a lost network or a
rebooted engine leaves no lock behind, and whoever can reach the engine sees who holds it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from slipway import holder
from slipway.engine.docker.client import Connection
from slipway.errors import EngineError

HEARTBEAT = 10  # seconds
PATIENCE = 45  # seconds without a heartbeat after which the lock lets go
GUARD = ["bash", "-c", f"while read -r -t {PATIENCE}; do :; done"]
CONFLICT = 409


def name_of(stack: str) -> str:
    return f"{stack}-lock"


@contextmanager
def held(connection: Connection, stack: str, image: str, doing: str, wait: float, flag: str) -> Iterator[None]:
    """Holds the stack's lock while the block runs. Raises LockHeld, naming the holder, after `wait` seconds."""
    deadline = time.monotonic() + wait
    while not (made := create(connection, stack, image, doing)):
        if found := look(connection, stack):
            if time.monotonic() >= deadline:
                raise holder.held(stack, found, flag)
            time.sleep(0.25)
    socket = connection.api.api.attach_socket(made, {"stdin": 1, "stream": 1})
    over = threading.Event()
    try:
        connection.api.api.start(made)
        beat = threading.Thread(target=heartbeat, args=(socket, over), daemon=True)
        beat.start()
        yield
    finally:
        over.set()
        socket.close()
        remove(connection, made)


def create(connection: Connection, stack: str, image: str, doing: str) -> str | None:
    """The id of the lock's container, or None if somebody else has it."""
    from docker.errors import APIError

    api = connection.api.api
    try:
        return api.create_container(
            image,
            GUARD,
            name=name_of(stack),
            stdin_open=True,
            labels=holder.me(doing).labels(),
            entrypoint=[],
            host_config=api.create_host_config(auto_remove=True, network_mode="none", cap_drop=["ALL"]),
        )["Id"]
    except APIError as error:
        if error.status_code == CONFLICT:
            return None
        raise EngineError(
            f"lock of {stack}", str(error.explanation), "an engine that makes containers", "./invoke doctor"
        ) from None


def look(connection: Connection, stack: str) -> holder.Holder | None:
    """Who holds the lock now, or None. One that never started, or outlived its engine, is removed: nobody holds it."""
    from docker.errors import NotFound

    try:
        found = connection.api.api.inspect_container(name_of(stack))
    except NotFound:
        return None
    if found["State"]["Status"] in ("exited", "dead"):
        remove(connection, found["Id"])
        return None
    return holder.from_labels(found["Config"]["Labels"])


def heartbeat(socket, over: threading.Event) -> None:
    raw = getattr(socket, "_sock", socket)
    while not over.wait(HEARTBEAT):
        try:
            raw.sendall(b"\n")
        except OSError:
            return


def remove(connection: Connection, container: str) -> None:
    from docker.errors import APIError

    try:
        connection.api.api.remove_container(container, v=True, force=True)
    except APIError as error:
        # It removes itself as well: gone already, or on its way, is what was wanted.
        if error.status_code not in (404, CONFLICT):
            raise
