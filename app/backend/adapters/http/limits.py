"""How long an address and a body may be, told before anything looks at them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.adapters.http.problems import response
from backend.domain.objects import PUT_BYTES, SMALL_BYTES

URL_BYTES = 8192  # of a path with its query
BODY_BYTES = 64 * 1024
# Of requests whose body is an object's bytes, which are passed on and never held: by their method and path.
UPLOADS = (
    (re.compile(rb"PUT /api/v1/storage/uploads/"), PUT_BYTES),
    # What stands around the file in a form comes on top.
    (re.compile(rb"(POST|PUT) /storage/v1/object/(?!(list|sign|upload|info|copy|move)/)"), SMALL_BYTES + BODY_BYTES),
)


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
        await self.app(scope, counted(receive, longest(scope, self.body)), send)


def longest(scope: Scope, ordinary: int) -> int:
    """How many bytes the body of this request may have."""
    asked = scope["method"].encode() + b" " + scope["path"].encode(errors="replace")
    return next((most for wanted, most in UPLOADS if wanted.match(asked)), ordinary)


def counted(receive: Receive, most: int) -> Receive:
    """`receive`, which raises 413 as soon as more than `most` bytes have come."""
    taken = 0

    async def counting() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > most:
            # The rest stays unread: the connection cannot be used again.
            raise HTTPException(413, f"The body is longer than {most} bytes.", {"Connection": "close"})
        return message

    return counting
