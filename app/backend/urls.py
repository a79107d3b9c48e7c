"""The length of addresses: what is too long is told, before anything looks at it."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.types import ASGIApp, Receive, Scope, Send

from backend.problems import Problem, response


@dataclass(frozen=True)
class ShortUrls:
    """Answers 414 where path and query are longer than `longest` bytes; every other request goes on."""

    app: ASGIApp
    longest: int

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and len(scope["raw_path"]) + len(scope["query_string"]) > self.longest:
            refused = response(Problem(414, f"The path and its query are longer than {self.longest} bytes."))
            return await refused(scope, receive, send)
        await self.app(scope, receive, send)
