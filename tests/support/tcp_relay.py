"""A TCP relay between the backend and a dependency, to take the dependency away and give it back."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable


class Relay:
    """A TCP relay on loopback in front of one dependency, which can be cut, mended, or made silent.

    `pace` is how many bytes a second each direction of a connection may carry; None is as many as come. It is cut by
    itself once the dependency has sent `last` bytes.
    """

    def __init__(self, host: str, port: int, pace: int | None = None, last: int | None = None) -> None:
        self.target = (host, port)
        self.pace, self.last = pace, last
        self.carried = 0  # bytes that came for the dependency
        self.answered = 0  # bytes that came from it
        self.silent = False
        self.sockets: list[socket.socket] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self.listener,), daemon=True).start()

    def cut(self) -> None:
        """End every connection and refuse new ones."""
        for each in (self.listener, *self.sockets):
            close(each)
        self.sockets.clear()

    def mend(self) -> None:
        """Take connections again, on the same port."""
        self.listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, args=(self.listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near = listener.accept()[0]
            except OSError:
                return  # cut
            self.sockets.append(near)
            if not self.silent:
                self._join(near)

    def _join(self, near: socket.socket) -> None:
        far = socket.create_connection(self.target)
        self.sockets.append(far)
        for source, sink in ((near, far), (far, near)):
            count = self.count if source is near else self.count_answer
            threading.Thread(target=pump, args=(source, sink, self.pace, count), daemon=True).start()

    def count(self, size: int) -> None:
        self.carried += size

    def count_answer(self, size: int) -> None:
        self.answered += size
        if self.last is not None and self.answered >= self.last:
            self.cut()


def pump(source: socket.socket, sink: socket.socket, pace: int | None, count: Callable[[int], None]) -> None:
    """Copy bytes until either side ends."""
    # The other side ended, or the relay was cut: both end here.
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
            count(len(data))
            if pace:
                time.sleep(len(data) / pace)
    close(source)
    close(sink)


def close(each: socket.socket) -> None:
    """End a socket even while another thread waits in it; shutdown fails on one that is not connected any more."""
    with contextlib.suppress(OSError):
        each.shutdown(socket.SHUT_RDWR)
    each.close()
