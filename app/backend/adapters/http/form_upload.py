"""A file in a form (multipart/form-data), passed on while it comes in: browsers send files to Supabase's storage so."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesHeaderParser

from starlette.exceptions import HTTPException

HEAD_BYTES = 16 * 1024  # of all that stands before the file
MOST_FIELDS = 10  # before it: all are read anew with each piece that comes
BROKEN = HTTPException(400, "The form cannot be read; expected one file as its last part.", {"Connection": "close"})


@dataclass
class Form:
    """The fields that stand before the file, and the file."""

    fields: dict[str, str] = field(default_factory=dict)
    content_type: str = ""
    length: int = 0


def boundary_of(content_type: str) -> bytes | None:
    """What stands between the parts of a form; None for a body that is none."""
    told = Message()
    told["content-type"] = content_type
    found = told.get_param("boundary")
    if told.get_content_type() != "multipart/form-data" or not isinstance(found, str):
        return None
    return found.encode(errors="replace") if re.fullmatch(r"[ -~]{1,70}", found) else None


async def opened(stream: AsyncIterator[bytes], boundary: bytes, total: int) -> tuple[Form, AsyncIterator[bytes]]:
    """The form and the bytes of its file, whose length follows from the body's, of `total` bytes. Raises BROKEN."""
    form, head, start = Form(), b"", None
    async for chunk in stream:
        head += chunk
        start = read_head(form, head, boundary)
        if start is not None:
            break
        if len(head) > HEAD_BYTES:
            raise BROKEN
    if start is None or start > HEAD_BYTES:
        raise BROKEN
    form.length = total - start - len(b"\r\n--" + boundary + b"--\r\n")
    if form.length < 0:
        raise BROKEN
    return form, file_of(head[start:], stream, b"\r\n--" + boundary, form.length)


def read_head(form: Form, head: bytes, boundary: bytes) -> int | None:
    """Where the file begins, after the fields before it are in `form`; None when more has to come. Raises BROKEN."""
    border, place = b"--" + boundary + b"\r\n", 0
    form.fields.clear()
    while True:
        if not head.startswith(border[: len(head) - place], place):
            raise BROKEN
        end = head.find(b"\r\n\r\n", place)
        if end < 0:
            return None
        headers = BytesHeaderParser().parsebytes(head[place + len(border) : end + 4])
        name = headers.get_param("name", header="content-disposition")
        if headers.get_filename() is not None:
            form.content_type = headers.get("content-type", "")
            return end + 4
        after = head.find(b"\r\n--" + boundary, end + 4)
        if after < 0:
            return None
        if len(form.fields) == MOST_FIELDS:
            raise BROKEN
        form.fields[str(name)] = head[end + 4 : after].decode(errors="replace")
        place = after + 2


async def file_of(first: bytes, stream: AsyncIterator[bytes], border: bytes, length: int) -> AsyncIterator[bytes]:
    """The `length` bytes of the file. Raises BROKEN unless the end of the form follows them, and nowhere else."""
    kept, given = first, 0
    while True:
        # What may be the beginning of the border waits for what follows it.
        whole = kept[: min(len(kept), length - given)]
        at = kept.find(border)
        if 0 <= at < length - given:
            raise BROKEN
        ready = whole if given + len(whole) == length else whole[: max(0, len(whole) - len(border))]
        if ready:
            yield ready
            given, kept = given + len(ready), kept[len(ready) :]
        try:
            kept += await stream.__anext__()
        except StopAsyncIteration:
            break
    if given + len(kept[: length - given]) != length or kept[length - given :] != border + b"--\r\n":
        raise BROKEN
