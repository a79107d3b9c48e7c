"""The engine of this machine as if it were elsewhere: its socket behind a TCP port of loopback."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from slipway.engine.docker import client


@contextmanager
def engine_over_tcp() -> Iterator[str]:
    """A tcp:// address that leads to the engine's own socket until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        yield f"tcp://127.0.0.1:{listener.getsockname()[1]}"
        # A close alone does not wake a thread that waits in accept.
        listener.shutdown(socket.SHUT_RDWR)


def serve(listener: socket.socket) -> None:
    with suppress(OSError):
        while True:
            near, _ = listener.accept()
            far = socket.socket(socket.AF_UNIX)
            far.connect(client.host_of({}).removeprefix("unix://"))
            for source, target in ((near, far), (far, near)):
                threading.Thread(target=pump, args=(source, target), daemon=True).start()


def pump(source: socket.socket, target: socket.socket) -> None:
    """Carries bytes one way, and then the end of them: a hijacked connection is closed in halves."""
    with suppress(OSError):
        while chunk := source.recv(65536):
            target.sendall(chunk)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
