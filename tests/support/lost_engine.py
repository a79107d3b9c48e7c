"""The engine of this machine behind a socket that can be cut: to who uses it, the daemon is gone in the middle of a word."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from slipway.engine.docker import client
from tests.support.tcp_engine import pump


class Relay:
    """Passes on connections to the engine until it is cut; `address` is for DOCKER_HOST."""

    def __init__(self, path: Path) -> None:
        self.address, self.open, self.whole = f"unix://{path}", [], True
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen(64)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        with suppress(OSError):
            while self.whole:
                near, _ = self.listener.accept()
                far = socket.socket(socket.AF_UNIX)
                far.connect(client.host_of({}).removeprefix("unix://"))
                self.open += [near, far]
                for source, target in ((near, far), (far, near)):
                    threading.Thread(target=pump, args=(source, target), daemon=True).start()

    def cut(self) -> None:
        """Ends every connection, and takes no new one: as when the daemon was killed."""
        self.whole = False
        for each in (self.listener, *self.open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()


@contextmanager
def relay(folder: Path) -> Iterator[Relay]:
    made = Relay(folder / "engine.sock")
    try:
        yield made
    finally:
        made.cut()
