"""/api/v1/storage: list, read and remove objects; uploads begin here too."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query
from pydantic import TypeAdapter
from starlette.requests import Request
from starlette.responses import Response

from backend.adapters.http.delivery import PRIVATE, Storage, StorageOf, deliver
from backend.adapters.http.dependencies import CallerOf, DatabaseOf, answer, json_only, name_of
from backend.adapters.http.problems import responses
from backend.adapters.http.storage_bodies import (
    Address,
    ObjectList,
    ObjectQuery,
    Started,
    UploadBody,
    shown,
    started,
)
from backend.domain.objects import Bucket, StoredObject
from backend.usecases import objects, uploads

PATH = "/api/v1/storage"
LINK_LIFE = 3600  # seconds
BUCKETS, PAGE, LINK, STARTED = (TypeAdapter(each) for each in (list[Bucket], ObjectList, Address, Started))
BINARY: dict[int | str, dict[str, Any]] = {
    200: {"description": "The object", "content": {"*/*": {}}},
    206: {"description": "A range of it"},
    302: {"description": "It is at another address, which is good for an hour"},
    304: {"description": "It is the version that If-None-Match names"},
}

router = APIRouter(
    prefix=PATH,
    tags=["storage"],
    responses=responses(401, 403, 414, 422, 503),
    generate_unique_id_function=name_of,
)


@router.get("/buckets", response_model=list[Bucket])
async def list_buckets(caller: CallerOf, database: DatabaseOf) -> Response:
    """The buckets that the caller may see."""
    return answer(BUCKETS.dump_json(list(await objects.list_buckets(database, caller))))


@router.get("/objects/{bucket}", response_model=ObjectList)
async def list_objects(
    bucket: str, query: Annotated[ObjectQuery, Query()], caller: CallerOf, database: DatabaseOf
) -> Response:
    """The objects of a bucket that the caller may see, by name; `next` is the value of `after` for the next page."""
    page = await objects.list_objects(database, caller, bucket, query.slice())
    return answer(PAGE.dump_json(ObjectList(items=[shown(each) for each in page.items], next=page.next)))


@router.post(
    "/objects/{bucket}/{name:path}",
    status_code=201,
    response_model=Started,
    responses=responses(400, 404, 409, 413, 415),
    dependencies=[Depends(json_only)],
)
async def start_upload(
    bucket: str,
    name: str,
    body: UploadBody,
    caller: CallerOf,
    database: DatabaseOf,
    storage: StorageOf,
) -> Response:
    """Begin an upload: send the bytes to `url` with `headers`, then complete it. Unseen until then, and gone after a day."""
    upload = await uploads.start_upload(database, storage.bytes, caller, body.upload(bucket, name))
    made = answer(STARTED.dump_json(started(storage, upload)), 201, {"Location": f"{PATH}/uploads/{upload.id}"})
    made.background = storage.sweeping(database)
    return made


@router.get("/objects/{bucket}/{name:path}", responses={**BINARY, **responses(404, 416)}, response_class=Response)
@router.head("/objects/{bucket}/{name:path}", include_in_schema=False)
async def get_object(
    request: Request, bucket: str, name: str, caller: CallerOf, database: DatabaseOf, storage: StorageOf
) -> Response:
    """The bytes of an object, also of a range; 404 also for one that the caller may not see."""
    return await deliver(request, storage, await objects.get_object(database, caller, bucket, name), PRIVATE)


@router.get("/links/{bucket}/{name:path}", response_model=Address, responses=responses(404))
async def get_object_link(
    bucket: str, name: str, caller: CallerOf, database: DatabaseOf, storage: StorageOf
) -> Response:
    """An address of the object that is good for an hour, for whoever has it."""
    found = await objects.get_object(database, caller, bucket, name)
    return answer(LINK.dump_json(Address(url=address(storage, found), expires_in=LINK_LIFE)))


@router.delete("/objects/{bucket}/{name:path}", status_code=204, responses=responses(404))
async def delete_object(bucket: str, name: str, caller: CallerOf, database: DatabaseOf, storage: StorageOf) -> Response:
    """Remove an object."""
    await objects.delete_object(database, caller, bucket, name)
    return Response(status_code=204, background=storage.sweeping(database))


def address(storage: Storage, found: StoredObject) -> str:
    """Where the object can be read without a login."""
    if storage.redirects:
        return storage.bytes.address_to_get(found, LINK_LIFE)
    return "/storage/v1" + signed(storage, found.bucket_id, found.name, LINK_LIFE, quote)


def signed(storage: Storage, bucket: str, name: str, seconds: int, written: Callable[[str], str] = str) -> str:
    """The signed address below /storage/v1. Supabase's clients expect the name as it is, and encode it themselves."""
    token = storage.links.sign(bucket, name, datetime.now(UTC), seconds)
    return f"/object/sign/{written(f'{bucket}/{name}')}?token={token}"
