"""Objects and the buckets that they are in: what they are, and what an upload is checked for before any byte is taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Any
from uuid import UUID

from backend.domain.errors import Invalid

DEFAULT_TYPE = "application/octet-stream"
PUT_BYTES = 5 * 1024**3  # what S3 takes in one request
OBJECT_BYTES = 5 * 1024**4  # and in parts
SMALL_BYTES = 50 * 1024**2  # through the addresses of before, in one request
PART_BYTES = 16 * 1024**2
PARTS = 10_000


@dataclass(frozen=True, slots=True)
class Bucket:
    """A group of objects; `public` ones can be read by anybody who knows the address."""

    id: str
    name: str
    public: bool
    file_size_limit: int | None
    allowed_mime_types: Sequence[str] | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One object; `key` is where its bytes are in the store."""

    id: UUID
    bucket_id: str
    name: str
    version: str | None
    size: int
    content_type: str
    etag: str
    cache_control: str
    created_at: datetime
    updated_at: datetime

    @property
    def key(self) -> str:
        """Where the bytes are; rows of before have no version."""
        return key_of(self.bucket_id, self.name, self.version)


@dataclass(frozen=True, slots=True)
class NewUpload:
    """What a caller wants to store."""

    bucket_id: str
    name: str
    size: int
    content_type: str = DEFAULT_TYPE
    cache_control: str = "no-cache"
    overwrite: bool = False
    in_parts: bool = False


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload that was allowed and is not complete; its id is the version of the object that it will be."""

    id: UUID
    key: str
    bucket_id: str
    name: str
    size: int
    content_type: str
    cache_control: str
    overwrite: bool
    multipart_id: str | None
    expires_at: datetime

    @property
    def part_size(self) -> int | None:
        """Bytes of each part but the last; None when it goes in one piece."""
        return part_size(self.size) if self.multipart_id else None


@dataclass(frozen=True, slots=True)
class Received:
    """What the store says of bytes that it has."""

    size: int
    etag: str


def key_of(bucket: str, name: str, version: object) -> str:
    """The key in the store: a version of its own for each upload, so that no overwrite shows half of two files."""
    return f"{bucket}/{name}" if version is None else f"{bucket}/{name}/{version}"


def part_size(size: int) -> int:
    """Bytes of each part but the last."""
    return max(PART_BYTES, ceil(size / PARTS))


def part_length(size: int, number: int) -> int:
    """Bytes of the part `number`, from 1. Raises Invalid for a part that there is not."""
    each = part_size(size)
    if not 1 <= number <= max(1, ceil(size / each)):
        raise Invalid(f"There is no part {number}: {size} bytes are {max(1, ceil(size / each))} parts of {each} bytes.")
    return min(each, size - each * (number - 1))


def check_limits(upload: NewUpload, bucket: Bucket) -> None:
    """Refuse what the bucket does not take. Raises Invalid."""
    largest = OBJECT_BYTES if upload.in_parts else PUT_BYTES
    if upload.size > largest:
        raise Invalid(
            f"{upload.size} bytes are more than {largest}" + ("." if upload.in_parts else "; send it in parts.")
        )
    if bucket.file_size_limit is not None and upload.size > bucket.file_size_limit:
        raise Invalid(f"The bucket takes objects of at most {bucket.file_size_limit} bytes.")
    kinds = bucket.allowed_mime_types
    if kinds and not any(fits(upload.content_type, kind) for kind in kinds):
        raise Invalid(f"The bucket takes {', '.join(kinds)} only.")


def fits(content_type: str, kind: str) -> bool:
    """Whether a content type is of `kind`, which may be `image/*` or `*/*`."""
    told = content_type.partition(";")[0].strip().lower()
    main, _, sub = kind.lower().partition("/")
    return kind in ("*", "*/*") or (told.startswith(f"{main}/") if sub == "*" else told == kind.lower())


def metadata(upload: Upload, received: Received, now: datetime) -> dict[str, Any]:
    """What storage.objects keeps of the bytes, as Supabase writes it."""
    return {
        "eTag": f'"{received.etag}"',
        "size": received.size,
        "mimetype": upload.content_type,
        "cacheControl": upload.cache_control,
        "lastModified": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "contentLength": received.size,
        "httpStatusCode": 200,
    }
