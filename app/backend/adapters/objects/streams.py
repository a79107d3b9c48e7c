"""One upload to the store and one download from it, chunk by chunk; each call blocks, in a thread of the caller's."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

from backend.domain.errors import Invalid

CHUNK = 256 * 1024


@dataclass
class Incoming:
    """One PUT to an address that is signed: botocore would have to read the whole body to sign it."""

    connection: http.client.HTTPConnection
    left: int

    @classmethod
    def open(cls, url: str, headers: dict[str, str], length: int, patience: float) -> Incoming:
        """The request with its headers sent."""
        place = urlsplit(url)
        host, port = place.hostname or "", place.port
        connection = (
            http.client.HTTPSConnection(host, port, timeout=patience, context=ssl.create_default_context())
            if place.scheme == "https"
            else http.client.HTTPConnection(host, port, timeout=patience)
        )
        connection.putrequest("PUT", f"{place.path}?{place.query}", skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        return cls(connection, length)

    def write(self, chunk: bytes) -> None:
        """Send more of the body."""
        self.left -= len(chunk)
        if self.left < 0:
            raise OSError("more bytes than were announced")
        self.connection.send(chunk)

    def finish(self) -> str:
        """The ETag, once the store has all. Raises Invalid or OSError when it refuses."""
        answer = self.connection.getresponse()
        answer.read()
        if answer.status == 400:
            raise Invalid("The object store refuses this name or these bytes.")
        if answer.status != 200:
            raise OSError(f"the store answers {answer.status}")
        return (answer.headers["ETag"] or "").strip('"')

    def close(self) -> None:
        """End the connection; the store drops what is not complete."""
        self.connection.close()


@dataclass
class Outgoing:
    """One GET from the store."""

    body: Any
    length: int
    threaded: Callable[[Callable[[], bytes]], Awaitable[bytes]]
    threads: ThreadPoolExecutor
    lock: Lock = field(default_factory=Lock)

    async def chunks(self) -> AsyncIterator[bytes]:
        """The bytes. Ends the request to the store when whoever reads goes away."""
        try:
            while chunk := await self.threaded(self.read):
                yield chunk
        finally:
            self.close()

    def read(self) -> bytes:
        """The next bytes; none at the end."""
        with self.lock:
            return bytes(self.body.read(CHUNK))

    def close(self) -> None:
        """End the request, after the read that is under way: nobody waits for it, since a cancelled task cannot."""

        def close() -> None:
            with self.lock:
                self.body.close()

        self.threads.submit(close)
