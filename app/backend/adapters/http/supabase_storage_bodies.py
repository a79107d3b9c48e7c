"""What storage-js sends to /storage/v1, and what it reads."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from backend.adapters.http.fields import text
from backend.domain.object_names import FolderSlice
from backend.domain.objects import StoredObject

LONGEST = 10 * 365 * 86_400  # seconds that a signed address is good for
MOST = 1000  # objects in one request
Name = text(1024)


class Order(BaseModel):
    """How a list is sorted."""

    column: Literal["name", "updated_at", "created_at", "last_accessed_at"] = "name"
    order: Literal["asc", "desc"] = "asc"


class ListBody(BaseModel):
    """Which part of which folder to list."""

    prefix: Name = ""
    limit: int = Field(100, ge=1, le=MOST)
    offset: int = Field(0, ge=0, le=10_000_000)
    search: Name = ""
    sortBy: Order = Order()

    def slice(self) -> FolderSlice:
        """Which part."""
        folder = self.prefix.strip("/")
        folder = f"{folder}/" if folder else ""
        descending = self.sortBy.order == "desc"
        return FolderSlice(folder, self.limit, self.offset, self.search, self.sortBy.column, descending)


class Entry(BaseModel):
    """An object in a folder, or a folder, which has a name alone."""

    name: str
    id: str | None
    updated_at: datetime | None
    created_at: datetime | None
    last_accessed_at: datetime | None
    metadata: dict[str, Any] | None


class SignBody(BaseModel):
    """How long a signed address is to be good."""

    expiresIn: int = Field(ge=1, le=LONGEST)


class SignMany(SignBody):
    """Which objects to sign addresses of."""

    paths: list[Name] = Field(max_length=MOST)


class Signed(BaseModel):
    """A signed address, below /storage/v1, or why there is none."""

    signedURL: str | None = None
    path: str | None = None
    error: str | None = None


class Removal(BaseModel):
    """The names of the objects to remove."""

    prefixes: list[Name] = Field(max_length=MOST)


class Removed(BaseModel):
    """An object that was removed."""

    id: UUID
    bucket_id: str
    name: str
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, found: StoredObject) -> Removed:
        """What is told of it."""
        return cls(**{name: getattr(found, name) for name in cls.model_fields})


class Put(BaseModel):
    """An object that was stored."""

    Id: UUID
    Key: str
