"""One file into a store: in parts where it is large, going on where a former try broke off, and checked afterwards."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from slipway.data.mirror.crew import Tally, each
from slipway.data.mirror.pool import PIECE, digests
from slipway.errors import VerificationError

PART = 16 * 2**20
MOST = 9_000  # parts of one upload; S3 takes 10,000
WORKERS = 4


@dataclass(frozen=True)
class Part:
    """A stretch of a file: its number from 1, where it begins, how long it is."""

    number: int
    start: int
    size: int


def store(client, names: dict, path: Path, sha256: str, about: dict, tally: Tally, resume: bool = False) -> None:
    """Uploads a file whose sha256 is known to {"Bucket", "Key"}, and proves that it arrived.

    `about` goes with it: ContentType, Metadata and the like. `resume` goes on with an upload of this key that was begun
    and not completed: only for keys that nobody else writes, since it may be theirs, with another `about`. Raises VerificationError when the file is not the one
    that it should be, before anything is sent, or when the store has other bytes afterwards; and the client's errors.
    """
    found, plain = digests(path)
    if found != sha256:
        raise VerificationError(
            str(path),
            f"holds other bytes (sha256 {found[:12]}…)",
            f"sha256 {sha256[:12]}…",
            "./invoke backups.verify; nothing was sent",
        )
    wanted = list(parts(path.stat().st_size))
    if len(wanted) > 1:
        in_parts(client, names, path, wanted, about, tally, resume)
    else:
        whole(client, names, path, plain, about, tally)
    prove(client, names, path, sha256, plain)


def parts(size: int) -> Iterator[Part]:
    length = max(PART, -(-size // MOST))
    for number, start in enumerate(range(0, size, length), 1):
        yield Part(number, start, min(length, size - start))


def whole(client, names: dict, path: Path, plain: str, about: dict, tally: Tally) -> None:
    """A small file in one request; the store refuses it if it was damaged on its way."""
    with path.open("rb") as body:
        client.put_object(**names, **about, Body=body, ContentMD5=in_base64(bytes.fromhex(plain)))
    tally.add(path.stat().st_size)


def in_parts(client, names: dict, path: Path, wanted: list[Part], about: dict, tally: Tally, resume: bool) -> None:
    """A large file. Parts that a former try left in the store, and that hold these very bytes, are not sent again."""
    begun = (find_unfinished(client, names) if resume else None) or client.create_multipart_upload(**names, **about)[
        "UploadId"
    ]
    upload = names | {"UploadId": begun}
    there = {found["PartNumber"]: found["ETag"].strip('"') for found in list_sent(client, upload)}

    def send(part: Part) -> dict:
        digest, etag = md5(slices(path, part)), there.get(part.number)
        if etag != digest.hex():
            etag = client.upload_part(
                **upload, PartNumber=part.number, Body=chunk(path, part), ContentMD5=in_base64(digest)
            )["ETag"].strip('"')
        tally.add(part.size)
        return {"PartNumber": part.number, "ETag": f'"{etag}"'}

    done = sorted(
        (result for _, result in each(send, wanted, tally.stop, WORKERS)), key=lambda part: part["PartNumber"]
    )
    client.complete_multipart_upload(**upload, MultipartUpload={"Parts": done})


def find_unfinished(client, names: dict) -> str | None:
    """The newest upload of this key that was begun and not completed."""
    from botocore.exceptions import ClientError

    try:
        pages = list(
            client.get_paginator("list_multipart_uploads").paginate(Bucket=names["Bucket"], Prefix=names["Key"])
        )
    except ClientError:
        return None  # a store without that listing: the file is sent anew
    found = [begun for page in pages for begun in page.get("Uploads", ()) if begun["Key"] == names["Key"]]
    return max(found, key=lambda begun: begun["Initiated"])["UploadId"] if found else None


def list_sent(client, upload: dict) -> list[dict]:
    return [part for page in client.get_paginator("list_parts").paginate(**upload) for part in page.get("Parts", ())]


def prove(client, names: dict, path: Path, sha256: str, plain: str) -> None:
    """The store's own digest of the file must be ours; where it gives none that can be compared, all is read back.

    A digest that the store answers proves what it received. That it can still read it is proven by reading.
    """
    found = client.head_object(**names)
    if found["ContentLength"] == path.stat().st_size and found["ETag"].strip('"') in (plain, joined_etag(path)):
        return
    again = read_back(client, names)
    if again != sha256:
        raise VerificationError(
            f"{names['Bucket']}/{names['Key']}",
            f"the store has other bytes (sha256 {again[:12]}…)",
            f"those of {path.name} (sha256 {sha256[:12]}…)",
            "the same command again",
        )


def joined_etag(path: Path) -> str:
    """The ETag that S3 gives a file that was sent in these parts."""
    wanted = list(parts(path.stat().st_size))
    return f"{md5(b''.join(md5(slices(path, part)) for part in wanted)).hex()}-{len(wanted)}"


def read_back(client, names: dict) -> str:
    found = hashlib.sha256()
    for piece in client.get_object(**names)["Body"].iter_chunks(PIECE):
        found.update(piece)
    return found.hexdigest()


def md5(data: bytes | Iterator[bytes]) -> bytes:
    found = hashlib.md5(usedforsecurity=False)
    for piece in (data,) if isinstance(data, bytes) else data:
        found.update(piece)
    return found.digest()


def in_base64(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


def pieces(path: Path) -> Iterator[bytes]:
    return slices(path, Part(1, 0, path.stat().st_size))


def slices(path: Path, part: Part) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(part.start)
        left = part.size
        while left and (piece := file.read(min(PIECE, left))):
            left -= len(piece)
            yield piece


def chunk(path: Path, part: Part):
    """The stretch as a file that a client may read and rewind; it is never in memory as a whole."""
    from s3transfer.utils import ReadFileChunk

    return ReadFileChunk.from_filename(str(path), part.start, part.size)
