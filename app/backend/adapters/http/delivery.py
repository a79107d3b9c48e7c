"""Objects on their way out: streamed through this service, or by an address of the store."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from email.utils import format_datetime
from typing import Annotated
from urllib.parse import quote

from fastapi import Depends
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.types import Send

from backend.adapters.http.problems import response
from backend.adapters.links import Links
from backend.adapters.objects.bytes import S3Objects
from backend.domain import object_names
from backend.domain.errors import Refused
from backend.domain.object_names import NoSuchSpan, Span
from backend.domain.objects import StoredObject
from backend.usecases.ports import Database
from backend.usecases.sweeping import Sweeper

# Files are other people's: what a browser makes of one may not act as the site that this service belongs to.
SAFE = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox"}
PRIVATE = "private, no-cache"
LOG = logging.getLogger("backend")


@dataclass(frozen=True)
class Storage:
    """The store, the signer of addresses, and whether clients are sent to the store itself."""

    bytes: S3Objects
    links: Links
    redirects: bool
    sweeper: Sweeper = field(default_factory=Sweeper)

    def sweeping(self, database: Database) -> BackgroundTask:
        """What an answer is followed by when bytes may be left over."""
        return BackgroundTask(self.sweeper.sweep, database, self.bytes)


async def storage_of(request: Request) -> Storage:
    """What objects are taken and given with."""
    storage: Storage = request.state.storage
    return storage


StorageOf = Annotated[Storage, Depends(storage_of)]


async def deliver(request: Request, storage: Storage, found: StoredObject, cache: str) -> Response:
    """The object: 200, 206, 302, 304 or 416, after what the request asks for."""
    if storage.redirects and request.method == "GET":
        return RedirectResponse(storage.bytes.address_to_get(found), 302, {"Cache-Control": "no-store"})
    headers = told(request, found, cache)
    if found.etag and f'"{found.etag}"' in request.headers.get("if-none-match", ""):
        return Response(None, 304, headers)
    try:
        span = object_names.span(request.headers.get("range"), found.size)
    except NoSuchSpan:
        return response(416, "The range begins behind the end.", headers={"Content-Range": f"bytes */{found.size}"})
    if request.method == "HEAD":
        return Response(None, 200, {**headers, "Content-Length": str(found.size)})
    return await streamed(storage, found, span, headers)


async def streamed(storage: Storage, found: StoredObject, span: Span | None, headers: dict[str, str]) -> Response:
    """The bytes, as the store gives them."""
    source = await storage.bytes.open(found, span)
    status = 200
    # A store that gives the whole where a range was asked for is answered with the whole.
    if span is not None and source.length == span.length:
        status = 206
        headers["Content-Range"] = f"bytes {span.first}-{span.last}/{found.size}"
    headers["Content-Length"] = str(source.length)
    return Download(source.chunks(), status, headers)


class Download(StreamingResponse):
    """A stream that ends short of its length, and so with its connection, where the store breaks off."""

    async def stream_response(self, send: Send) -> None:
        """Send it, as far as it comes: the status has gone out, and nothing but a cut can tell any more."""
        try:
            await super().stream_response(send)
        except Refused as error:
            LOG.warning("a download was broken off: %s", error.sentence)


def told(request: Request, found: StoredObject, cache: str) -> dict[str, str]:
    """The headers of an object."""
    headers = {
        **SAFE,
        "Accept-Ranges": "bytes",
        "Cache-Control": cache,
        "Content-Type": found.content_type,  # here, since Starlette would say of each text that it is UTF-8
        "Last-Modified": format_datetime(found.updated_at, usegmt=True),
    }
    if found.etag:
        headers["ETag"] = f'"{found.etag}"'
    if "download" in request.query_params:
        name = request.query_params["download"] or found.name.rpartition("/")[2]
        headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    return headers
