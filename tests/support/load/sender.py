"""The process that sends a load: requests at their due times, on kept and on fresh connections."""

from __future__ import annotations

import asyncio
import json
import math
import sys
import time
from collections import deque
from dataclasses import dataclass
from urllib.parse import urlsplit

TIMEOUT = 15.0  # seconds for one request
IDLE = 64  # kept connections at most


@dataclass(frozen=True)
class Aim:
    """Where to send what, how often per second, for how many seconds and requests at most."""

    url: str
    rate: int
    seconds: float
    most: int
    fast: str
    post: str | None
    slow: str | None
    idle: float = math.inf  # seconds that a kept connection may rest and be used again


@dataclass(frozen=True)
class Shot:
    kind: str
    method: str
    path: str
    kept: bool


class NotAnswered(Exception):
    """No whole answer came; the text says in a word why."""


def shot(aim: Aim, number: int) -> Shot:
    """What the request of that number is: the mix repeats every 40."""
    turn = number % 40
    if turn == 0 and aim.slow:
        return Shot("slow", "GET", aim.slow, number % 80 == 0)
    if turn % 4 == 1 and aim.post:
        return Shot("post", "POST", aim.post, turn % 8 == 1)
    return Shot("fast", "GET", aim.fast, turn % 2 == 0)


class Sender:
    """Open connections, and what was seen so far."""

    def __init__(self, aim: Aim) -> None:
        parts = urlsplit(aim.url)
        self.aim, self.host, self.port = aim, parts.hostname, parts.port or 80
        # In turn: none lies idle for long, as one would at the bottom of a heap.
        self.idle: deque[tuple[float, asyncio.StreamReader, asyncio.StreamWriter]] = deque()
        self.samples: list[tuple[float, float, str, int]] = []
        self.failures: list[dict] = []
        self.turns: list[float] = []
        self.latest: bytes | None = None
        self.under_way: set[asyncio.Task] = set()
        self.begun, self.sending = time.monotonic(), 0.0

    async def run(self, ended: asyncio.Event) -> None:
        """Sends until the time, the count or the caller ends it, then waits for the answers that are due."""
        for number in range(self.aim.most):
            due = self.begun + number / self.aim.rate
            if ended.is_set() or due > self.begun + self.aim.seconds:
                break
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            task = asyncio.create_task(self.one(shot(self.aim, number), due))
            self.under_way.add(task)
            task.add_done_callback(self.under_way.discard)
        self.sending = time.monotonic() - self.begun
        await asyncio.gather(*self.under_way)

    async def one(self, what: Shot, due: float) -> None:
        status, kind, detail, opened = 0, "", "", False
        try:
            async with asyncio.timeout(TIMEOUT):
                reader, writer, opened = await self.connection(what.kept)
                status, body = await self.exchange(what, reader, writer)
            if what.kind == "fast" and status == 200:
                self.turned(body)
            if not 200 <= status < 300:
                kind, detail = f"status {status}", body[:200].decode("latin-1")
        except NotAnswered as error:
            kind = str(error)
        except TimeoutError:
            kind = "timeout"
        except ConnectionRefusedError:
            kind = "refused"
        except OSError as error:
            kind, detail = "reset", str(error)
        self.samples.append((due, (time.monotonic() - due) * 1000, what.kind, status))
        if kind:
            self.failures.append(
                {"at": due, "kind": kind, "method": what.method, "path": what.path, "detail": detail, "opened": opened}
            )

    def turned(self, body: bytes) -> None:
        """Keeps when the fast path begins to answer otherwise: where it tells its version, that is a new release."""
        if self.latest is not None and body != self.latest:
            self.turns.append(time.monotonic())
        self.latest = body

    async def exchange(
        self, what: Shot, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> tuple[int, bytes]:
        again = False
        try:
            writer.write(request(what, f"{self.host}:{self.port}"))
            await writer.drain()
            status, body, lasting = await answer(reader)
            again = lasting and what.kept and len(self.idle) < IDLE
            return status, body
        finally:
            if again:
                self.idle.append((time.monotonic(), reader, writer))
            else:
                writer.close()

    async def connection(self, kept: bool) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, bool]:
        """A connection, and whether it was opened for this request."""
        while kept and self.idle:
            since, reader, writer = self.idle.popleft()
            rested = time.monotonic() - since
            # One that the server has ended in good order is not used, as in any client.
            if rested <= self.aim.idle and not reader.at_eof() and not writer.is_closing():
                return reader, writer, False
            writer.close()
        return *await asyncio.open_connection(self.host, self.port), True

    def told(self) -> dict:
        return {"samples": self.samples, "failures": self.failures, "seconds": self.sending, "turns": self.turns}


def request(what: Shot, host: str) -> bytes:
    body = json.dumps({"padding": "x" * 200}).encode() if what.method == "POST" else b""
    sized = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if body else ""
    connection = "keep-alive" if what.kept else "close"
    head = f"{what.method} {what.path} HTTP/1.1\r\nHost: {host}\r\nConnection: {connection}\r\n{sized}\r\n"
    return head.encode() + body


async def answer(reader: asyncio.StreamReader) -> tuple[int, bytes, bool]:
    """Status, body, and whether the connection may be used again. Raises NotAnswered."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        lasting = headers.get("connection", "").lower() != "close"
        if headers.get("transfer-encoding", "").lower() == "chunked":
            return int(first.split()[1]), await chunked(reader), lasting
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        return int(first.split()[1]), body, lasting
    except asyncio.IncompleteReadError:
        raise NotAnswered("closed early") from None
    except (ValueError, IndexError):
        raise NotAnswered("not HTTP") from None


async def chunked(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while size := int((await reader.readline()).split(b";")[0], 16):
        body += (await reader.readexactly(size + 2))[:-2]
    await reader.readline()
    return body


async def send(aim: Aim, watch: bool = True) -> dict:
    """Sends the load and tells what came of it. With `watch`, the end of standard input ends it."""
    sender, ended = Sender(aim), asyncio.Event()
    loop = asyncio.get_running_loop()
    if watch:
        # Whoever began this may die: its end of the pipe closes then too.
        loop.add_reader(sys.stdin.fileno(), ended.set)
        print("begun", flush=True)
    await sender.run(ended)
    for _, _, writer in sender.idle:
        writer.close()
    return sender.told()


if __name__ == "__main__":
    print(json.dumps(asyncio.run(send(Aim(**json.loads(sys.argv[1]))))))
