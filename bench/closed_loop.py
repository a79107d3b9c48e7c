"""A closed loop of requests in a process of its own: each connection asks again as soon as it is answered.

python -m bench.closed_loop '{"port": 8000, "path": "/health", "headers": "", "connections": 16, "seconds": 5}'
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from dataclasses import dataclass, field

import uvloop

from tests.support.load.generator import percentile

END, LENGTH = b"\r\n\r\n", b"content-length:"


@dataclass
class Seen:
    """Milliseconds of each answer, and how many were not 200."""

    until: float
    ms: list[float] = field(default_factory=list)
    wrong: int = 0


class Asking(asyncio.Protocol):
    """One connection. It reads no more of an answer than its status and where it ends, to leave the core to the rest."""

    def __init__(self, request: bytes, seen: Seen) -> None:
        self.request, self.seen, self.done = request, seen, asyncio.get_running_loop().create_future()
        self.buffer, self.left = b"", 0

    def connection_made(self, transport: asyncio.Transport) -> None:
        self.transport = transport
        self.ask()

    def ask(self) -> None:
        self.sent = time.perf_counter()
        self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, found, body = self.buffer.partition(END)
        if not found:
            return
        lower = head.lower()
        at = lower.index(LENGTH) + len(LENGTH)
        if len(body) >= int(lower[at:].split(b"\r\n", 1)[0]):
            self.answered(head)

    def answered(self, head: bytes) -> None:
        now = time.perf_counter()
        self.seen.ms.append((now - self.sent) * 1000)
        self.seen.wrong += not head.startswith(b"HTTP/1.1 200")
        self.buffer = b""
        if now < self.seen.until:
            self.ask()
        else:
            self.transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        self.done.set_exception(error or ConnectionError("closed")) if self.buffer or error else self.done.set_result(0)


async def run(port: int, path: str, headers: str, connections: int, seconds: float) -> dict[str, float]:
    """Requests per second, percentiles in milliseconds, and how many answers were not 200."""
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{headers}\r\n".encode()
    loop, begun = asyncio.get_running_loop(), time.perf_counter()
    seen = Seen(begun + seconds)
    made = [await loop.create_connection(lambda: Asking(request, seen), "127.0.0.1", port) for _ in range(connections)]
    await asyncio.gather(*(protocol.done for _, protocol in made))
    took = time.perf_counter() - begun
    return {
        "requests": len(seen.ms),
        "rate": len(seen.ms) / took,
        "p50": percentile(0.5, seen.ms),
        "p99": percentile(0.99, seen.ms),
        "wrong": seen.wrong,
    }


if __name__ == "__main__":
    print(json.dumps(uvloop.run(run(**json.loads(sys.argv[1])))))
