"""List, find and remove objects: the database's policies decide, whatever the way that a request came in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from backend.domain import object_names
from backend.domain.callers import Caller
from backend.domain.errors import NotFound
from backend.domain.object_names import FolderSlice, ObjectPage, ObjectSlice
from backend.domain.objects import Bucket, StoredObject
from backend.usecases.ports import Database

MISSING = "There is no such object."


async def list_buckets(database: Database, caller: Caller) -> Sequence[Bucket]:
    """The buckets that the caller may see."""
    async with database.acting_as(caller) as stores:
        return await stores.objects.buckets()


async def list_objects(database: Database, caller: Caller, bucket: str, part: ObjectSlice) -> ObjectPage:
    """One page of the objects that the caller may see, by name."""
    async with database.acting_as(caller) as stores:
        return object_names.page(await stores.objects.list(bucket, part), part.limit)


async def list_folder(
    database: Database, caller: Caller, bucket: str, part: FolderSlice
) -> Sequence[Mapping[str, Any]]:
    """What the caller may see of a folder."""
    async with database.acting_as(caller) as stores:
        return await stores.objects.folder(bucket, part)


async def get_object(database: Database, caller: Caller, bucket: str, name: str) -> StoredObject:
    """The object. Raises NotFound, also for one that the caller may not see."""
    object_names.checked(bucket, name)
    async with database.acting_as(caller) as stores:
        return existing(await stores.objects.get(bucket, name))


async def get_by_address(database: Database, bucket: str, name: str, signed: bool) -> StoredObject:
    """The object behind a public address, or a signed one whose signature was verified. Raises NotFound."""
    object_names.checked(bucket, name)
    async with database.by_address(signed) as objects:
        return existing(await objects.get(bucket, name))


async def delete_objects(
    database: Database, caller: Caller, bucket: str, names: Sequence[str]
) -> Sequence[StoredObject]:
    """Remove those of `names` that the caller may; the rows now, the bytes by the next sweep."""
    for name in names:
        object_names.checked(bucket, name)
    async with database.acting_as(caller) as stores:
        removed = await stores.objects.delete(bucket, names)
        for each in removed:
            await stores.uploads.discard(bucket, each.name, each.key, timedelta(0))
    return removed


async def delete_object(database: Database, caller: Caller, bucket: str, name: str) -> None:
    """Remove one. Raises NotFound."""
    if not await delete_objects(database, caller, bucket, [name]):
        raise NotFound(MISSING)


def existing(found: StoredObject | None) -> StoredObject:
    """`found`, or the answer that a missing and a foreign one share."""
    if found is None:
        raise NotFound(MISSING)
    return found
