"""How long an address and a body may be, told before anything looks at them, and how slowly a body may come."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.adapters.http.problems import response
from backend.domain.objects import PUT_BYTES, SMALL_BYTES

URL_BYTES = 8192  # of a path with its query
BODY_BYTES = 64 * 1024
PATIENCE = 30.0  # seconds that a body may keep the service waiting, and one more for each so many bytes that have come:
PACE = 1024
# Of requests whose body is an object's bytes, which are passed on and never held: by their method and path.
UPLOADS = (
    (re.compile(rb"PUT /api/v1/storage/uploads/"), PUT_BYTES),
    # What stands around the file in a form comes on top.
    (re.compile(rb"(POST|PUT) /storage/v1/object/(?!(list|sign|upload|info|copy|move)/)"), SMALL_BYTES + BODY_BYTES),
)


@dataclass(frozen=True)
class Limits:
    """Answers 414 where path and query are too long, 413 where the body is, and 408 where it comes too slowly."""

    app: ASGIApp
    url: int = URL_BYTES
    body: int = BODY_BYTES
    patience: float = PATIENCE

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        if len(scope["raw_path"]) + len(scope["query_string"]) > self.url:
            refused = response(414, f"The path and its query are longer than {self.url} bytes.")
            return await refused(scope, receive, send)
        await self.app(scope, counted(receive, longest(scope, self.body), self.patience), send)


def longest(scope: Scope, ordinary: int) -> int:
    """How many bytes the body of this request may have."""
    asked = scope["method"].encode() + b" " + scope["path"].encode(errors="replace")
    return next((most for wanted, most in UPLOADS if wanted.match(asked)), ordinary)


def counted(receive: Receive, most: int, patience: float) -> Receive:
    """`receive`, which raises 413 as soon as more than `most` bytes have come, and 408 for a client that takes too long.

    Only the time that was spent waiting for the client counts, and only until its body is here: after that, `receive`
    waits for it to go away.
    """
    taken, left, is_here = 0, patience, False

    async def counting() -> Message:
        nonlocal taken, left, is_here
        if is_here:
            return await receive()
        began = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(left):
                message = await receive()
        except TimeoutError:
            raise HTTPException(408, "The body comes too slowly.", {"Connection": "close"}) from None
        length = len(message.get("body", b""))
        taken, is_here = taken + length, not message.get("more_body")
        left = min(patience, left - (asyncio.get_running_loop().time() - began) + length / PACE)
        if taken > most:
            # The connection takes the rest, and drops it: closed at once, it would take this answer with it.
            raise HTTPException(413, f"The body is longer than {most} bytes.")
        return message

    return counting
