"""One process of the data side that answers several verbs: what a deploy asks often and must be told at once."""

from __future__ import annotations

import json
import struct
import time
from collections.abc import Callable, Iterator, Mapping

from slipway.engine.docker.client import Connection

# The name that a container of any version answers to.
SERVE = ["sh", "-c", 'echo "{\\"event\\": \\"pid\\", \\"pid\\": $$}"; exec python3 -m slipway.data serve']
PULSE = 0.5  # seconds
IDLE = 60.0  # seconds after which the process is not counted upon: unasked it ends by itself
HEADER = struct.Struct(">BxxxL")  # stream and length of what follows, as the engine multiplexes them


class Session:
    """A process in a container, spoken to over its standard input and output."""

    def __init__(self, connection: Connection, container: str, exec_id: str):
        self.container, self.rest, self.frames = container, b"", b""
        self.file = connection.api.api.exec_start(exec_id, socket=True)
        self.socket = getattr(self.file, "_sock", self.file)
        self.socket.settimeout(PULSE)
        self.pid = 0
        self.ended = False
        self.used = time.monotonic()

    def serves(self, container: str) -> bool:
        """Whether it may be asked, for that container."""
        return not self.ended and self.container == container and time.monotonic() - self.used < IDLE

    def ask(self, verb: str, args: Mapping, give_up: Callable[[], None]) -> Iterator[str]:
        """The lines of one verb's answer; ends early if the process does. `give_up` is asked twice a second."""
        self.socket.sendall(json.dumps([verb, json.dumps(args)]).encode() + b"\n")
        asked = self.used = time.monotonic()
        while True:
            # By the clock and not only when it is quiet, as for a process of its own.
            if time.monotonic() - asked >= PULSE:
                give_up()
                asked = time.monotonic()
            try:
                chunk = self.socket.recv(65536)
            except TimeoutError:
                continue
            if not chunk:
                self.ended = True
                return
            self.used = time.monotonic()
            yield from self.lines(chunk)

    def lines(self, chunk: bytes) -> Iterator[str]:
        """Whole lines out of the engine's frames."""
        self.frames += chunk
        while len(self.frames) >= HEADER.size:
            _, size = HEADER.unpack(self.frames[: HEADER.size])
            if len(self.frames) < HEADER.size + size:
                return
            content, self.frames = self.frames[HEADER.size : HEADER.size + size], self.frames[HEADER.size + size :]
            *whole, self.rest = (self.rest + content).split(b"\n")
            for line in whole:
                yield line.decode("utf-8", "replace")

    def close(self) -> None:
        self.ended = True
        # Both: a socket stays open for as long as a file on it does.
        self.file.close()
        self.socket.close()
