"""How long an address and a body may be, told before anything looks at them."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.adapters.http.problems import response

URL_BYTES = 8192  # of a path with its query
BODY_BYTES = 64 * 1024


@dataclass(frozen=True)
class Limits:
    """Answers 414 where path and query are too long, and 413 where the body is."""

    app: ASGIApp
    url: int = URL_BYTES
    body: int = BODY_BYTES

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        if len(scope["raw_path"]) + len(scope["query_string"]) > self.url:
            refused = response(414, f"The path and its query are longer than {self.url} bytes.")
            return await refused(scope, receive, send)
        await self.app(scope, counted(receive, self.body), send)


def counted(receive: Receive, longest: int) -> Receive:
    """`receive`, which raises 413 as soon as more than `longest` bytes have come."""
    taken = 0

    async def counting() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > longest:
            # The rest stays unread: the connection cannot be used again.
            raise HTTPException(413, f"The body is longer than {longest} bytes.", {"Connection": "close"})
        return message

    return counting
