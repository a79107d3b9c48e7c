"""What the use cases of objects need of the outside."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, Protocol
from uuid import UUID

from backend.domain.object_names import FolderSlice, ObjectSlice
from backend.domain.objects import Bucket, NewUpload, Received, StoredObject, Upload


class ObjectIndex(Protocol):
    """The rows of storage.buckets and storage.objects that the transaction's role may see."""

    async def buckets(self) -> Sequence[Bucket]: ...

    async def bucket(self, key: str) -> Bucket | None: ...

    async def get(self, bucket: str, name: str) -> StoredObject | None: ...

    async def list(self, bucket: str, part: ObjectSlice) -> Sequence[StoredObject]:
        """The rows of `part`, and one more when a next page exists."""

    async def folder(self, bucket: str, part: FolderSlice) -> Sequence[Mapping[str, Any]]:
        """What is directly in a folder: objects, and folders, which have no id."""

    async def allowed(self, upload: NewUpload) -> None:
        """Raise Forbidden or Conflict when `put` would; leaves nothing behind."""

    async def put(self, upload: Upload, metadata: Mapping[str, Any]) -> tuple[StoredObject, str | None]:
        """The object, and the key of the bytes that it had before. Raises Forbidden or Conflict."""

    async def delete(self, bucket: str, names: Sequence[str]) -> Sequence[StoredObject]:
        """Those that were there, and were removed."""


class UploadStore(Protocol):
    """Bytes that no row of storage.objects holds."""

    async def create(self, key: UUID, upload: NewUpload, multipart_id: str | None) -> Upload: ...

    async def get(self, key: UUID) -> Upload | None: ...

    async def take(self, key: UUID) -> Upload | None:
        """The upload, which is no longer there then: another transaction that wants it waits for this one."""

    async def give_up(self, key: UUID) -> bool:
        """Let it be swept; False when there is no such upload."""

    async def discard(self, bucket: str, name: str, key: str, wait: timedelta) -> None:
        """Let the bytes at `key` be swept after `wait`."""

    async def expired(self, most: int) -> Sequence[Upload]:
        """Some to be swept, which no other transaction is at work on."""

    async def forget(self, key: UUID) -> None:
        """Remove what was swept."""


class ObjectBytes(Protocol):
    """The S3 store. Everything raises Unavailable when it does not answer."""

    async def head(self, key: str) -> Received | None: ...

    async def delete(self, key: str) -> None: ...

    async def send(self, upload: Upload, part: int | None, length: int, body: AsyncIterator[bytes]) -> str:
        """Take `length` bytes, of the whole or of a part; their ETag."""

    async def begin_parts(self, key: str, content_type: str) -> str: ...

    async def finish_parts(self, key: str, multipart_id: str) -> None: ...

    async def abort_parts(self, key: str, multipart_id: str) -> None: ...
