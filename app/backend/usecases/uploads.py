"""Store an object in two steps: what is allowed first, then the bytes; nobody sees it before both are done."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from backend.domain import object_names
from backend.domain.callers import Caller
from backend.domain.errors import Conflict, Invalid, NotFound
from backend.domain.objects import (
    NewUpload,
    Received,
    StoredObject,
    Upload,
    check_limits,
    key_of,
    metadata,
    part_length,
)
from backend.usecases.object_ports import ObjectBytes
from backend.usecases.ports import Database

MISSING = "There is no such upload: it is complete, was given up, or is older than a day."
GRACE = timedelta(hours=1)  # who reads the version of before may go on; no address is good for longer


@dataclass(frozen=True, slots=True)
class Sent:
    """Bytes on their way, and how many there will be."""

    length: int
    body: AsyncIterator[bytes]


async def start_upload(database: Database, store: ObjectBytes, caller: Caller, new: NewUpload) -> Upload:
    """An upload that the policies allow. Raises Forbidden, Conflict when the name is taken, NotFound without a bucket."""
    object_names.checked(new.bucket_id, new.name)
    async with database.by_address(signed=True) as objects:
        bucket = await objects.bucket(new.bucket_id)
    if bucket is None:
        raise NotFound("There is no such bucket.")
    check_limits(new, bucket)
    async with database.acting_as(caller) as stores:
        await stores.objects.allowed(new)
    key = uuid4()
    place = key_of(new.bucket_id, new.name, key)
    multipart_id = await store.begin_parts(place, new.content_type) if new.in_parts else None
    async with database.acting_as(caller) as stores:
        return await stores.uploads.create(key, new, multipart_id)


async def get_upload(database: Database, caller: Caller, key: UUID) -> Upload:
    """One of the caller's uploads. Raises NotFound."""
    async with database.acting_as(caller) as stores:
        return existing(await stores.uploads.get(key))


async def send_bytes(
    database: Database, store: ObjectBytes, caller: Caller, key: UUID, part: int | None, sent: Sent
) -> None:
    """Pass the bytes of an upload, or of one of its parts, on to the store. Raises Invalid for another number of them."""
    upload = await get_upload(database, caller, key)
    if (part is None) == (upload.multipart_id is not None):
        raise Invalid("This upload goes in parts." if part is None else "This upload goes in one piece.")
    length = upload.size if part is None else part_length(upload.size, part)
    if sent.length != length:
        raise Invalid(f"{sent.length} bytes are sent, expected {length}.")
    await store.send(upload, part, length, sent.body)


async def store_object(
    database: Database, store: ObjectBytes, caller: Caller, new: NewUpload, sent: Sent
) -> StoredObject:
    """Store an object whose bytes come with the request."""
    upload = await start_upload(database, store, caller, new)
    etag = await store.send(upload, None, upload.size, sent.body)
    return await publish(database, caller, upload, Received(upload.size, etag))


async def complete_upload(database: Database, store: ObjectBytes, caller: Caller, key: UUID) -> StoredObject:
    """The object, which is seen from now on. Raises Conflict while bytes are missing."""
    upload = await get_upload(database, caller, key)
    received = await store.head(upload.key)
    if received is None and upload.multipart_id:
        await store.finish_parts(upload.key, upload.multipart_id)
        received = await store.head(upload.key)
    if received is None:
        raise Conflict("The bytes are not in the store yet; send them, then complete the upload.")
    if received.size != upload.size:
        raise Conflict(f"The store has {received.size} bytes and {upload.size} were announced; start a new upload.")
    return await publish(database, caller, upload, received)


async def publish(database: Database, caller: Caller, upload: Upload, received: Received) -> StoredObject:
    """Put the object into the index, in place of its version before."""
    async with database.acting_as(caller) as stores:
        existing(await stores.uploads.take(upload.id))
        made, before = await stores.objects.put(upload, metadata(upload, received, datetime.now(UTC)))
        if before:
            await stores.uploads.discard(upload.bucket_id, upload.name, before, GRACE)
        return made


async def abort_upload(database: Database, caller: Caller, key: UUID) -> None:
    """Give it up; its bytes are swept. Raises NotFound."""
    async with database.acting_as(caller) as stores:
        if not await stores.uploads.give_up(key):
            raise NotFound(MISSING)


def existing(upload: Upload | None) -> Upload:
    """`upload`, or the answer that a missing and a foreign one share."""
    if upload is None:
        raise NotFound(MISSING)
    return upload
