"""/api/v1/storage/uploads: the bytes of an upload, in one piece or in parts, and its end."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from pydantic import TypeAdapter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from backend.adapters.http.delivery import StorageOf
from backend.adapters.http.dependencies import CallerOf, DatabaseOf, answer, name_of
from backend.adapters.http.problems import responses
from backend.adapters.http.storage_bodies import ObjectInfo, Target, shown, target
from backend.domain.errors import Invalid
from backend.domain.objects import part_length
from backend.usecases import uploads
from backend.usecases.uploads import Sent

TARGET, OBJECT = TypeAdapter(Target), TypeAdapter(ObjectInfo)

router = APIRouter(
    prefix="/api/v1/storage/uploads/{key}",
    tags=["storage"],
    responses=responses(401, 403, 404, 414, 422, 503),
    generate_unique_id_function=name_of,
)


@router.put("", status_code=204, responses=responses(400, 411, 413))
async def send_upload(
    request: Request, key: UUID, caller: CallerOf, database: DatabaseOf, storage: StorageOf
) -> Response:
    """Send the bytes, as the body of the request."""
    await uploads.send_bytes(database, storage.bytes, caller, key, None, sent(request))
    return Response(status_code=204)


@router.get("/parts/{number}", response_model=Target)
async def get_part_target(
    key: UUID, number: int, caller: CallerOf, database: DatabaseOf, storage: StorageOf
) -> Response:
    """Where to send a part, from 1; an address of the store is good for an hour."""
    upload = await uploads.get_upload(database, caller, key)
    if upload.multipart_id is None:
        raise Invalid("This upload goes in one piece.")
    return answer(TARGET.dump_json(target(storage, upload, number, part_length(upload.size, number))))


@router.put("/parts/{number}", status_code=204, responses=responses(400, 411, 413))
async def send_part(
    request: Request, key: UUID, number: int, caller: CallerOf, database: DatabaseOf, storage: StorageOf
) -> Response:
    """Send a part, as the body of the request; a part that is sent again takes the place of what was sent before."""
    await uploads.send_bytes(database, storage.bytes, caller, key, number, sent(request))
    return Response(status_code=204)


@router.post("/complete", response_model=ObjectInfo, responses=responses(409))
async def complete_upload(key: UUID, caller: CallerOf, database: DatabaseOf, storage: StorageOf) -> Response:
    """Make the object of what was sent; 409 while bytes are missing."""
    made = await uploads.complete_upload(database, storage.bytes, caller, key)
    return answer(OBJECT.dump_json(shown(made)))


@router.delete("", status_code=204)
async def abort_upload(key: UUID, caller: CallerOf, database: DatabaseOf, storage: StorageOf) -> Response:
    """Give the upload up."""
    await uploads.abort_upload(database, caller, key)
    return Response(status_code=204, background=storage.sweeping(database))


def sent(request: Request) -> Sent:
    """The body, not read yet. Raises 411 where its length is not told before: the store wants to know it."""
    length = request.headers.get("content-length")
    if length is None:
        raise HTTPException(411, "Send the body with a Content-Length, not in chunks.")
    return Sent(int(length), request.stream())
