"""One object into the store as it arrives: hashed on the way, and there only if it is what the index says of it."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from slipway.data.mirror.crew import Tally
from slipway.data.objects import multipart
from slipway.errors import VerificationError
from slipway.supabase.objects.rows import Row

PART = 6 * 2**20  # twice in memory for each worker; S3 takes parts from 5 MiB
MOST = 9_000  # parts of one upload; S3 takes 10,000


@dataclass(frozen=True)
class Sent:
    """What arrived: its size and sha256; or how it differs from the index, and then the store has nothing of it."""

    size: int = 0
    sha256: str = ""
    differs: str = ""


class Hashes:
    """Size, sha256 and md5 of what has passed."""

    def __init__(self) -> None:
        self.size, self.sha256, self.md5 = 0, hashlib.sha256(), hashlib.md5(usedforsecurity=False)

    def pass_on(self, parts: Iterable[bytes]) -> Iterator[bytes]:
        for part in parts:
            self.size += len(part)
            self.sha256.update(part)
            self.md5.update(part)
            yield part


@dataclass(frozen=True)
class Target:
    """Where an object goes: {"Bucket", "Key"}, and what goes with it, such as its ContentType."""

    client: Any
    names: dict
    about: dict


def send(target: Target, row: Row, pieces: Iterator[bytes], tally: Tally) -> Sent:
    """Puts the pieces into the store: in one request, or in parts that become an object at the end.

    Raises VerificationError when the store has other bytes afterwards, and the client's errors.
    """
    hashes = Hashes()
    found = hashes.pass_on(cut(pieces, max(PART, -(-(row.size or 0) // MOST))))
    first, second = next(found, b""), next(found, None)
    if second is not None:
        return in_parts(target, row, itertools.chain((first, second), found), hashes, tally)
    if problem := unlike(row, hashes):
        return Sent(differs=problem)
    digest = hashes.md5
    told = target.client.put_object(
        **target.names, **target.about, Body=first, ContentMD5=multipart.in_base64(digest.digest())
    )
    tally.add(len(first))
    return proven(target, told, digest.hexdigest(), hashes)


def in_parts(target: Target, row: Row, parts: Iterator[bytes], hashes: Hashes, tally: Tally) -> Sent:
    """The same for a large one. An upload that does not come to its end leaves no part behind."""
    client = target.client
    upload = target.names | {"UploadId": client.create_multipart_upload(**target.names, **target.about)["UploadId"]}
    digests, sent = [], []
    try:
        for number, part in enumerate(parts, 1):
            digests.append(multipart.md5(part))
            md5 = multipart.in_base64(digests[-1])
            told = client.upload_part(**upload, PartNumber=number, Body=part, ContentMD5=md5)
            sent.append({"PartNumber": number, "ETag": told["ETag"]})
            tally.add(len(part))
        if problem := unlike(row, hashes):
            client.abort_multipart_upload(**upload)
            return Sent(differs=problem)
        told = client.complete_multipart_upload(**upload, MultipartUpload={"Parts": sent})
    except BaseException:
        with suppress(Exception):  # the first failure is the one to tell
            client.abort_multipart_upload(**upload)
        raise
    return proven(target, told, f"{multipart.md5(b''.join(digests)).hex()}-{len(digests)}", hashes)


def cut(pieces: Iterator[bytes], size: int) -> Iterator[bytes]:
    """The same bytes in parts of that size, but for the last."""
    held = bytearray()
    for piece in pieces:
        held += piece
        while len(held) >= size:
            yield bytes(held[:size])
            del held[:size]
    if held:
        yield bytes(held)


def unlike(row: Row, hashes: Hashes) -> str:
    """How what arrived differs from what the index says of it, or nothing."""
    if row.size is not None and hashes.size != row.size:
        return f"{row.label} has {hashes.size:,} bytes instead of {row.size:,}"
    if row.md5 and hashes.md5.hexdigest() != row.md5:
        return f"{row.label} has other bytes than its ETag says"
    return ""


def proven(target: Target, told: dict, etag: str, hashes: Hashes) -> Sent:
    """The store's own digest of what it received must be ours; where it gives none to compare, all is read back."""
    sha256 = hashes.sha256.hexdigest()
    if told.get("ETag", "").strip('"') != etag and multipart.read_back(target.client, target.names) != sha256:
        raise VerificationError(
            f"{target.names['Bucket']}/{target.names['Key']}",
            "the store has other bytes than it was sent",
            f"sha256 {sha256[:12]}…",
            "./invoke supabase.objects",
        )
    return Sent(hashes.size, sha256)
