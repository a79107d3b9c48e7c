"""Each request gets an id, is counted and timed, and its answer gets the headers that keep browsers careful."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from dataclasses import dataclass
from uuid import uuid4

from prometheus_client import Counter, Gauge, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend import tracing
from backend.logs import REQUEST_ID

SLOW = 1.0  # seconds after which a request is in the log, whatever its answer
ID = re.compile(r"[A-Za-z0-9._-]{8,128}")  # of a caller's own request ids, which are taken over
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

REQUESTS = Counter("http_requests", "Requests that were answered.", ["method", "route", "status"])
SECONDS = Histogram("http_request_duration_seconds", "Time to the whole answer.", ["method", "route"], buckets=BUCKETS)
UNDER_WAY = Gauge("http_requests_in_flight", "Requests that are worked on.")
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

log = logging.getLogger("backend.requests")


@dataclass(frozen=True)
class Observing:
    """The outermost layer of the application."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        request_id = asked_id(scope) or uuid4().hex
        REQUEST_ID.set(request_id)
        status = 500
        started = time.perf_counter()

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = request_id
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        method = scope["method"] if scope["method"] in METHODS else "other"
        with UNDER_WAY.track_inprogress(), tracing.request_span(method, Headers(scope=scope)) as span:
            try:
                await self.app(scope, receive, sending)
            except asyncio.CancelledError:
                # Only a stop does that, after its DRAIN_TIMEOUT. The server ends the connection, and adds no traceback.
                log.warning("given up: the service stops")
            finally:
                # By its route and not its path: names that clients choose would each make a series of their own.
                route = getattr(scope.get("route"), "path", "none")
                note(method, route, status, time.perf_counter() - started)
                tracing.end_request(span, method, route, status)


def note(method: str, route: str, status: int, seconds: float) -> None:
    """Count a request; it is in the log too where it failed or took long."""
    REQUESTS.labels(method, route, status).inc()
    SECONDS.labels(method, route).observe(seconds)
    if status >= 500 or seconds > SLOW:
        told = {"method": method, "route": route, "status": status, "ms": round(seconds * 1000, 1)}
        log.warning("slow" if status < 500 else "failed", extra={"fields": told})


def asked_id(scope: Scope) -> str | None:
    """The id that the caller, such as a gateway, has given the request."""
    sent = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"").decode("latin-1")
    return sent if ID.fullmatch(sent) else None
