"""The lock of a stack on a Docker engine: a container with the lock's name, which only one client can create.

It lives exactly as long as the connection of the client that holds it: its only process waits for that client's
heartbeat and ends without it, and the engine then removes the container. So a killed client, a lost network or a
rebooted engine leaves no lock behind, and whoever can reach the engine sees who holds it. Times are the engine's own:
the clocks of two operators need not agree.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from slipway.engine import lock as holder
from slipway.engine.docker.client import Connection
from slipway.errors import EngineError, full

HEARTBEAT = 10  # seconds
PATIENCE = 45  # seconds without a heartbeat after which the lock lets go
START = 30  # seconds that its process may take to start
GUARD = ["bash", "-c", f"while read -r -t {PATIENCE}; do :; done"]
CONFLICT = 409
NOBODY = "65534:65534"
# It reads a line now and then, and needs nothing.
LEAST = {
    "network_mode": "none",
    "read_only": True,
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges:true"],
    "mem_limit": 32 * 2**20,
    "memswap_limit": 32 * 2**20,
    "pids_limit": 16,
    "init": True,
}


def name_of(stack: str) -> str:
    return f"{stack}-lock"


@contextmanager
def hold_lock(
    connection: Connection, stack: str, image: str, doing: str, wait: float, flag: str
) -> Iterator[Callable[[], None]]:
    """Holds the stack's lock while the block runs. Raises LockHeld, naming the holder, after `wait` seconds.

    What it gives raises LockLost when the lock is not held any more.
    """
    deadline = time.monotonic() + wait
    while not (made := create(connection, stack, image, doing)):
        if found := look(connection, stack):
            if time.monotonic() >= deadline:
                raise holder.held_error(stack, found, flag)
            time.sleep(0.25)
    over = threading.Event()
    # Nobody else can make it from here on. Its process starts while the holder looks at what runs.
    beat = threading.Thread(target=keep, args=(connection, made, over), daemon=True)
    beat.start()
    try:
        yield partial(check, connection, stack, made)
    finally:
        over.set()
        beat.join()
        # An engine that is gone, or cannot be reached any more, hears no heartbeat either: the lock lets go by itself.
        with suppress(OSError):
            remove(connection, made)


def check(connection: Connection, stack: str, made: str) -> None:
    """Raises LockLost unless this very container still stands for the lock."""
    from docker.errors import NotFound

    try:
        alive = connection.api.api.inspect_container(made)["State"]["Status"] in ("created", "running")
    except NotFound:
        alive = False
    if not alive:
        raise holder.lost_error(stack)


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
            user=NOBODY,
            host_config=api.create_host_config(auto_remove=True, **LEAST),
        )["Id"]
    except APIError as error:
        if error.status_code == CONFLICT:
            return None
        where, found = f"lock of {stack}", str(error.explanation)
        raise full(where, found) or EngineError(
            where, found, "an engine that makes containers", "./invoke doctor"
        ) from None


def look(connection: Connection, stack: str) -> holder.Holder | None:
    """Who holds the lock now, or None. One that never started, or outlived its engine, is removed: nobody holds it."""
    from docker.errors import NotFound

    try:
        found = connection.api.api.inspect_container(name_of(stack))
    except NotFound:
        return None
    if found["State"]["Status"] in ("exited", "dead") or never_started(connection, found):
        remove(connection, found["Id"])
        return None
    since = instant(found["Created"]).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return replace(holder.from_labels(found["Config"]["Labels"]), since=since)


def keep(connection: Connection, container: str, over: threading.Event) -> None:
    """Starts the lock's process and sends it heartbeats until it is over, or until the lock is gone."""
    from docker.errors import APIError

    with suppress(OSError, APIError):
        socket = connection.api.api.attach_socket(container, {"stdin": 1, "stream": 1})
        try:
            connection.api.api.start(container)
            raw = getattr(socket, "_sock", socket)
            while not over.wait(HEARTBEAT):
                raw.sendall(b"\n")
        finally:
            socket.close()


def never_started(connection: Connection, found: dict) -> bool:
    """Whether its client was killed between making and starting it."""
    if found["State"]["Status"] != "created":
        return False
    now = connection.api.api.info()["SystemTime"]
    return (instant(now) - instant(found["Created"])).total_seconds() > START


def instant(text: str) -> datetime:
    """A time as the engine writes it, to the second: 2026-11-25T17:40:35.123456789Z, or with another zone's offset."""
    whole, offset = re.fullmatch(r"(.{19})(?:\.\d+)?(Z|[+-]\d\d:\d\d)", text).groups()
    return datetime.fromisoformat(whole + offset)


def remove(connection: Connection, container: str) -> None:
    from docker.errors import APIError

    try:
        connection.api.api.remove_container(container, v=True, force=True)
    except APIError as error:
        # It removes itself as well: gone already, or on its way, is what was wanted.
        if error.status_code not in (404, CONFLICT):
            raise
