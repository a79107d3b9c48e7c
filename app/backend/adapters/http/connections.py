"""Connections of clients that take their time: every wait for a client has an end, and what is held meanwhile a size.

uvicorn by itself waits for ever: for the rest of a request's head, for the rest of a body that nobody reads any more, and
for a client that does not take its answer. And it takes a head of any length. A body that somebody waits for is bounded
by `limits`, which can still answer.
"""

from __future__ import annotations

import asyncio
from asyncio import TimerHandle
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES = 64 * 1024  # of the first line and the headers together


def connections(patience: float) -> type[asyncio.Protocol]:
    """The class of connections whose clients may keep the service waiting for `patience` seconds."""
    return type("Connection", (Bounded,), {"patience": patience})


class Bounded(HttpToolsProtocol):
    """One connection; what it waits for of its client is told by its timers."""

    patience: float
    in_head = True  # whether what comes next belongs to the head of a request
    head_bytes = 0
    reading: TimerHandle | None = None  # ends the wait for a head, or for a rest that nobody reads
    writing: TimerHandle | None = None  # ends the wait for a client to take its answer

    def connection_made(self, transport: Any) -> None:
        """Nothing was asked yet: the connection is idle, as between two requests."""
        super().connection_made(transport)
        self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, self.timeout_keep_alive_handler)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        super().connection_lost(exc)
        self.reading, self.writing = stopped(self.reading), stopped(self.writing)
        self._unset_keepalive_if_required()

    def data_received(self, data: bytes) -> None:
        """Refuse a head that is too long; the first bytes of one set its time."""
        if self.in_head:
            self.head_bytes += len(data)
            self.reading = self.reading or self.loop.call_later(self.patience, self.transport.abort)
        super().data_received(data)
        if self.in_head and self.head_bytes > HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response(f"The headers are longer than {HEAD_BYTES} bytes.")

    def on_headers_complete(self) -> None:
        """The head is here in time."""
        self.in_head, self.head_bytes, self.reading = False, 0, stopped(self.reading)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """What follows is the next request's."""
        self.in_head, self.reading = True, stopped(self.reading)
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Bound the wait for what is left over: an answer that is not taken, a body that came too late to matter."""
        super().on_response_complete()
        untaken = self.transport.is_closing() and self.transport.get_write_buffer_size()
        if untaken or (self.cycle.response_complete and not self.in_head):
            self.reading = self.reading or self.loop.call_later(self.patience, self.transport.abort)

    def timeout_keep_alive_handler(self) -> None:
        """End an idle connection, also when its client never took the last answer, which a mere close would wait for."""
        self.transport.abort()

    def pause_writing(self) -> None:
        """The client is slower than the answer: from now on it has to take some of it."""
        super().pause_writing()
        self.watch()

    def resume_writing(self) -> None:
        """It has taken most of it."""
        self.writing = stopped(self.writing)
        super().resume_writing()

    def watch(self) -> None:
        """Look again after a while."""
        self.writing = self.loop.call_later(self.patience, self.look, self.transport.get_write_buffer_size())

    def look(self, before: int) -> None:
        """End the connection of a client that has taken nothing since there were `before` bytes to take."""
        if self.transport.get_write_buffer_size() >= before:
            self.transport.abort()
        else:
            self.watch()


def stopped(timer: TimerHandle | None) -> None:
    """No timer any more."""
    if timer:
        timer.cancel()
