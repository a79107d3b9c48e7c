"""One HTTP/1.1 request read, one answer written: as little as a load generator and a gateway need."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass

REASONS = {200: "OK", 404: "Not Found", 500: "Internal Server Error", 503: "Service Unavailable"}


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    body: bytes
    lasting: bool  # the client would send another one on the same connection
    upgrade: str = ""  # the protocol that the client would go on with


async def read(reader: asyncio.StreamReader) -> Request | None:
    """The next request of a connection, or None where the client has closed it."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.split("\r\n")
    method, path, _ = first.split(" ", 2)
    pairs = (line.partition(":") for line in lines if line)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Request(
        method,
        path.partition("?")[0],
        body,
        headers.get("connection", "").lower() != "close",
        headers.get("upgrade", ""),
    )


def switched(protocol: str) -> bytes:
    """The answer to an upgrade: from here on both sides write what they like."""
    return f"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: {protocol}\r\n\r\n".encode()


def rendered(method: str, status: int, payload: object, lasting: bool) -> bytes:
    """An answer as it goes over the wire: to HEAD without the body, which would be taken for the next answer."""
    body = json.dumps(payload).encode()
    connection = "keep-alive" if lasting else "close"
    return (
        f"HTTP/1.1 {status} {REASONS[status]}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        f"Connection: {connection}\r\n\r\n"
    ).encode() + (b"" if method == "HEAD" else body)
