"""/storage/v1: the addresses and requests of Supabase's storage, for files and front ends that were there before."""

from __future__ import annotations

import mimetypes
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Depends
from pydantic import TypeAdapter, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from backend.adapters.http import form_upload
from backend.adapters.http.delivery import PRIVATE, StorageOf, deliver
from backend.adapters.http.dependencies import CallerOf, DatabaseOf, answer, json_only, name_of
from backend.adapters.http.storage import BINARY, signed
from backend.adapters.http.storage_bodies import UploadBody
from backend.adapters.http.storage_errors import StorageRoute, responses
from backend.adapters.http.supabase_storage_bodies import (
    Entry,
    ListBody,
    Put,
    Removal,
    Removed,
    SignBody,
    Signed,
    SignMany,
)
from backend.domain.errors import Refused
from backend.domain.objects import DEFAULT_TYPE, SMALL_BYTES, NewUpload
from backend.usecases import objects, uploads
from backend.usecases.uploads import Sent

PUT, ENTRIES, REMOVED, SIGNED, MANY = (
    TypeAdapter(each) for each in (Put, list[Entry], list[Removed], Signed, list[Signed])
)
READ: dict[int | str, dict[str, Any]] = {**BINARY, **responses(404, 416)}

router = APIRouter(
    prefix="/storage/v1/object",
    tags=["supabase storage"],
    route_class=StorageRoute,
    responses=responses(400, 403, 404, 413, 415, 503),
    generate_unique_id_function=name_of,
)


@router.get("/public/{bucket}/{name:path}", responses=READ, response_class=Response)
@router.head("/public/{bucket}/{name:path}", include_in_schema=False)
async def storage_public(
    request: Request, bucket: str, name: str, database: DatabaseOf, storage: StorageOf
) -> Response:
    """An object of a public bucket, for anybody."""
    found = await objects.get_by_address(database, bucket, name, signed=False)
    return await deliver(request, storage, found, found.cache_control)


@router.get("/sign/{bucket}/{name:path}", responses=READ, response_class=Response)
@router.head("/sign/{bucket}/{name:path}", include_in_schema=False)
async def storage_signed(
    request: Request, bucket: str, name: str, database: DatabaseOf, storage: StorageOf, token: str = ""
) -> Response:
    """An object by an address that was signed for it."""
    storage.links.verify(token, bucket, name, datetime.now(UTC))
    found = await objects.get_by_address(database, bucket, name, signed=True)
    return await deliver(request, storage, found, found.cache_control)


@router.post("/sign/{bucket}", response_model=list[Signed], dependencies=[Depends(json_only)])
async def storage_sign_many(
    bucket: str, body: SignMany, caller: CallerOf, database: DatabaseOf, storage: StorageOf
) -> Response:
    """Signed addresses of several objects; those that the caller may not see have an error instead."""
    made = []
    for path in body.paths:
        try:
            await objects.get_object(database, caller, bucket, path)
            made.append(Signed(path=path, signedURL=signed(storage, bucket, path, body.expiresIn)))
        except Refused:
            made.append(Signed(path=path, error="Either the object does not exist or you do not have access to it"))
    return answer(MANY.dump_json(made))


@router.post("/sign/{bucket}/{name:path}", response_model=Signed, dependencies=[Depends(json_only)])
async def storage_sign(
    bucket: str, name: str, body: SignBody, caller: CallerOf, database: DatabaseOf, storage: StorageOf
) -> Response:
    """A signed address of an object that the caller may see."""
    await objects.get_object(database, caller, bucket, name)
    return answer(SIGNED.dump_json(Signed(signedURL=signed(storage, bucket, name, body.expiresIn))))


@router.post("/list/{bucket}", response_model=list[Entry], dependencies=[Depends(json_only)])
async def storage_list(bucket: str, body: ListBody, caller: CallerOf, database: DatabaseOf) -> Response:
    """What the caller may see of a folder."""
    rows = await objects.list_folder(database, caller, bucket, body.slice())
    return answer(ENTRIES.dump_json([Entry(**row) for row in rows]))


@router.delete("/{bucket}", response_model=list[Removed])
async def storage_remove(
    bucket: str, body: Removal, caller: CallerOf, database: DatabaseOf, storage: StorageOf
) -> Response:
    """Remove objects; the answer has those that were there."""
    found = await objects.delete_objects(database, caller, bucket, body.prefixes)
    made = answer(REMOVED.dump_json([Removed.of(each) for each in found]))
    made.background = storage.sweeping(database)
    return made


# The lowest is asked first.
@router.get("/{bucket}/{name:path}", responses=READ, response_class=Response, include_in_schema=False)
@router.head("/{bucket}/{name:path}", include_in_schema=False)
@router.get("/authenticated/{bucket}/{name:path}", responses=READ, response_class=Response)
@router.head("/authenticated/{bucket}/{name:path}", include_in_schema=False)
async def storage_authenticated(
    request: Request, bucket: str, name: str, caller: CallerOf, database: DatabaseOf, storage: StorageOf
) -> Response:
    """An object that the caller may see."""
    return await deliver(request, storage, await objects.get_object(database, caller, bucket, name), PRIVATE)


@router.put("/{bucket}/{name:path}", response_model=Put, include_in_schema=False)
@router.post("/{bucket}/{name:path}", response_model=Put, responses=responses(404, 409, 411, 413))
async def storage_upload(
    request: Request, bucket: str, name: str, caller: CallerOf, database: DatabaseOf, storage: StorageOf
) -> Response:
    """Store an object of at most 50 MiB: the body itself, or the file of a form."""
    overwrite = request.method == "PUT" or request.headers.get("x-upsert") == "true"
    new, sent = await received(request, bucket, name, overwrite)
    stored = await uploads.store_object(database, storage.bytes, caller, new, sent)
    made = answer(PUT.dump_json(Put(Id=stored.id, Key=f"{bucket}/{name}")))
    made.background = storage.sweeping(database)
    return made


async def received(request: Request, bucket: str, name: str, overwrite: bool) -> tuple[NewUpload, Sent]:
    """What is to be stored, and its bytes, which are not read yet. Raises 411 without a length, 400 for a broken form."""
    if "content-length" not in request.headers:
        raise HTTPException(411, "Send the body with a Content-Length, not in chunks.")
    length, stream = int(request.headers["content-length"]), request.stream()
    kind, cache = request.headers.get("content-type", ""), request.headers.get("cache-control", "")
    boundary = form_upload.boundary_of(kind)
    if boundary:
        form, stream = await form_upload.opened(stream, boundary, length)
        length, kind = form.length, form.content_type
        cache = f"max-age={form.fields['cacheControl']}" if form.fields.get("cacheControl", "").isdecimal() else ""
    if length > SMALL_BYTES:
        raise HTTPException(413, f"The file is longer than {SMALL_BYTES} bytes.")
    kind = kind or mimetypes.guess_type(name)[0] or DEFAULT_TYPE
    try:
        body = UploadBody(size=length, content_type=kind, cache_control=cache or "no-cache", overwrite=overwrite)
    except ValidationError:
        raise HTTPException(400, "Content-Type or Cache-Control has not the form that it should have.") from None
    return body.upload(bucket, name), Sent(length, stream)
