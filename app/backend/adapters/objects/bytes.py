"""The bytes of objects: in and out in chunks, in a bounded number of threads, because botocore blocks."""

from __future__ import annotations

import asyncio
import http.client
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from backend.adapters.objects.client import s3_client
from backend.adapters.objects.streams import Incoming, Outgoing
from backend.domain.errors import Conflict, Invalid, NotFound, Unavailable
from backend.domain.object_names import Span
from backend.domain.objects import Received, StoredObject, Upload
from backend.settings import ObjectStore

AT_ONCE = 16  # threads: each is taken for one chunk at a time, so that slow clients hold none
PATIENCE = 60.0  # seconds that the store may be silent
LIFE = 3600  # seconds that an address of the store is good for
AWAY = "The object store does not answer; see /ready."
T = TypeVar("T")


@dataclass(frozen=True)
class S3Objects:
    """The objects in the bucket of `store`; addresses for clients are those of `public`."""

    store: ObjectStore
    public: ObjectStore
    threads: ThreadPoolExecutor

    async def head(self, key: str) -> Received | None:
        """What the store says of the bytes at `key`, or None."""
        try:
            told = await self.ask(lambda s3, place: s3.head_object(**place, Key=key))
        except NotFound:
            return None
        return Received(told["ContentLength"], told["ETag"].strip('"'))

    async def delete(self, key: str) -> None:
        """Remove the bytes at `key`, if there are any."""
        await self.ask(lambda s3, place: s3.delete_object(**place, Key=key))

    async def begin_parts(self, key: str, content_type: str) -> str:
        """The store's name for an upload in parts."""
        told = await self.ask(lambda s3, place: s3.create_multipart_upload(**place, Key=key, ContentType=content_type))
        return str(told["UploadId"])

    async def finish_parts(self, key: str, multipart_id: str) -> None:
        """Make one object of the parts that the store has. Raises Conflict when it has none."""

        def finish(s3: Any, place: dict[str, str]) -> None:
            where = {**place, "Key": key, "UploadId": multipart_id}
            pages = s3.get_paginator("list_parts").paginate(**where)
            parts = [
                {"PartNumber": each["PartNumber"], "ETag": each["ETag"]}
                for page in pages
                for each in page.get("Parts", [])
            ]
            if not parts:
                raise Conflict("No part is in the store yet; send them, then complete the upload.")
            parts.sort(key=lambda part: part["PartNumber"])
            s3.complete_multipart_upload(**where, MultipartUpload={"Parts": parts})

        await self.ask(finish)

    async def abort_parts(self, key: str, multipart_id: str) -> None:
        """Give up an upload in parts, if it is not complete."""
        try:
            await self.ask(lambda s3, place: s3.abort_multipart_upload(**place, Key=key, UploadId=multipart_id))
        except NotFound:
            return

    async def send(self, upload: Upload, part: int | None, length: int, body: AsyncIterator[bytes]) -> str:
        """Stream `length` bytes into the store; their ETag."""
        url, headers = self.address_to_put(upload, part, length, self.store)
        sink = await self.threaded(lambda: Incoming.open(url, headers, length, PATIENCE))
        try:
            async for chunk in body:
                if chunk:
                    await self.threaded(lambda chunk=chunk: sink.write(chunk))
            return await self.threaded(sink.finish)
        finally:
            self.threads.submit(sink.close)

    async def open(self, found: StoredObject, span: Span | None) -> Outgoing:
        """The bytes of an object, or a range of them, to be read in chunks. Raises NotFound."""
        wanted = {} if span is None else {"Range": f"bytes={span.first}-{span.last}"}
        told = await self.ask(lambda s3, place: s3.get_object(**place, Key=found.key, **wanted))
        return Outgoing(told["Body"], told["ContentLength"], self.threaded, self.threads)

    def address_to_get(self, found: StoredObject, life: int = LIFE) -> str:
        """An address at which a client gets the object from the store itself."""
        params = {
            "Bucket": self.public.bucket,
            "Key": found.key,
            "ResponseContentType": found.content_type,
            "ResponseCacheControl": found.cache_control,
        }
        url = s3_client(self.public).generate_presigned_url("get_object", params, ExpiresIn=min(life, LIFE))
        return str(url)

    def address_to_put(
        self, upload: Upload, part: int | None, length: int, store: ObjectStore | None = None
    ) -> tuple[str, dict[str, str]]:
        """An address at which the store takes the bytes, and the headers that are signed with it."""
        store = store or self.public
        params: dict[str, Any] = {"Bucket": store.bucket, "Key": upload.key, "ContentLength": length}
        if part is None:
            method, params["ContentType"] = "put_object", upload.content_type
            headers = {"Content-Type": upload.content_type, "Content-Length": str(length)}
        else:
            method, headers = "upload_part", {"Content-Length": str(length)}
            params |= {"PartNumber": part, "UploadId": upload.multipart_id}
        return str(s3_client(store).generate_presigned_url(method, params, ExpiresIn=LIFE)), headers

    async def ask(self, call: Callable[[Any, dict[str, str]], T]) -> T:
        """What `call` gets from the store."""
        place = {"Bucket": self.store.bucket}
        return await self.threaded(lambda: call(s3_client(self.store, PATIENCE, AT_ONCE), place))

    async def threaded(self, work: Callable[[], T]) -> T:
        """The result of `work`, which blocks. Raises Unavailable, NotFound or Invalid for what the store says."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self.threads, work)
        except ClientError as error:
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
            if status == 404 and error.response.get("Error", {}).get("Code") != "NoSuchBucket":
                raise NotFound("The bytes of this object are not in the store.") from None
            if status == 400:
                raise Invalid("The object store refuses this name or these bytes.") from None
            raise Unavailable(AWAY) from None
        except (BotoCoreError, HTTPError, http.client.HTTPException, OSError):
            raise Unavailable(AWAY) from None


def objects_of(store: ObjectStore, endpoint: str | None) -> S3Objects:
    """The objects of a store that clients reach at `endpoint`."""
    return S3Objects(store, replace(store, endpoint=endpoint or store.endpoint), ThreadPoolExecutor(AT_ONCE, "objects"))
