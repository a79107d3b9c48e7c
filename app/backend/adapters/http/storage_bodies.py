"""What clients may send to /api/v1/storage, and what they get."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from backend.adapters.http.delivery import Storage
from backend.adapters.http.fields import text
from backend.domain import object_names
from backend.domain.object_names import ObjectSlice
from backend.domain.objects import DEFAULT_TYPE, OBJECT_BYTES, NewUpload, StoredObject, Upload
from backend.domain.paging import DEFAULT_LIMIT, MAX_LIMIT

TYPE = r"^[A-Za-z0-9!#$&^_.+-]{1,80}/[A-Za-z0-9!#$&^_.+-]{1,80}( *; *[A-Za-z0-9_.-]{1,40}=[A-Za-z0-9_.\"+-]{1,80})*$"
CACHE = r"^[A-Za-z0-9=, \"-]*$"
ContentType = Annotated[str, StringConstraints(max_length=250, pattern=TYPE)]
CacheControl = Annotated[str, StringConstraints(max_length=200, pattern=CACHE)]


class ObjectQuery(BaseModel):
    """Which objects to list."""

    model_config = ConfigDict(extra="forbid")

    prefix: text(1024) = Field("", description="Only names that begin with it.")
    limit: int = Field(DEFAULT_LIMIT, ge=1, le=MAX_LIMIT, description="Rows of a page.")
    after: str | None = Field(None, description="The `next` of the page before.")

    def slice(self) -> ObjectSlice:
        """Which part of them. Raises BadQuery for a token of no list."""
        return ObjectSlice(self.prefix, self.limit, None if self.after is None else object_names.name_of(self.after))


class UploadBody(BaseModel):
    """What is to be stored."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"size": 5, "content_type": "text/plain"}]}
    )

    size: int = Field(ge=0, le=OBJECT_BYTES, description="Bytes.")
    content_type: ContentType = DEFAULT_TYPE
    cache_control: CacheControl = "no-cache"
    overwrite: bool = False
    in_parts: bool = Field(False, description="Send it in parts of `part_size`; needed above 5 GiB.")

    def upload(self, bucket: str, name: str) -> NewUpload:
        """The upload."""
        return NewUpload(bucket, name, self.size, self.content_type, self.cache_control, self.overwrite, self.in_parts)


class ObjectInfo(BaseModel):
    """One object."""

    id: UUID
    bucket_id: str
    name: str
    size: int
    content_type: str
    etag: str
    cache_control: str
    created_at: datetime
    updated_at: datetime
    url: str
    """Its path below /api/v1/storage."""


class ObjectList(BaseModel):
    """Some objects; `next` is the value of `after` for the page that follows."""

    items: list[ObjectInfo]
    next: str | None


class Address(BaseModel):
    """An address of an object, good for `expires_in` seconds; it may be a path of this service."""

    url: str
    expires_in: int


class Target(BaseModel):
    """Where to send bytes, with what headers."""

    method: str = "PUT"
    url: str
    headers: dict[str, str]


class Started(BaseModel):
    """An upload; without `target` it goes in parts of `part_size` bytes."""

    id: UUID
    expires_at: datetime
    target: Target | None
    part_size: int | None


def shown(found: StoredObject) -> ObjectInfo:
    """An object as clients see it."""
    names = ObjectInfo.model_fields.keys() - {"url"}
    place = quote(f"{found.bucket_id}/{found.name}")
    return ObjectInfo(**{name: getattr(found, name) for name in names}, url=f"/objects/{place}")


def started(storage: Storage, upload: Upload) -> Started:
    """An upload as clients see it."""
    where = None if upload.multipart_id else target(storage, upload, None, upload.size)
    return Started(id=upload.id, expires_at=upload.expires_at, target=where, part_size=upload.part_size)


def target(storage: Storage, upload: Upload, part: int | None, length: int) -> Target:
    """Where to send the bytes: to the store, or to this service, with the access token."""
    if storage.redirects:
        url, headers = storage.bytes.address_to_put(upload, part, length)
        return Target(url=url, headers=headers)
    place = f"/api/v1/storage/uploads/{upload.id}" + ("" if part is None else f"/parts/{part}")
    return Target(url=place, headers={"Content-Length": str(length)})
