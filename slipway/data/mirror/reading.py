"""One object from the store into the pool, read again until what arrived is what the store has."""

from __future__ import annotations

import string
import time
from dataclasses import replace

from slipway.data.mirror.crew import Stopped, Tally
from slipway.data.mirror.listing import moment
from slipway.data.mirror.manifest import Entry
from slipway.data.mirror.pool import PIECE, Incoming, Pool
from slipway.data.objects import client as objects
from slipway.data.objects.failures import GONE
from slipway.errors import BackupError

TRIES = 5
HEADERS = {
    "CacheControl": "CacheControl",
    "ContentDisposition": "ContentDisposition",
    "Expires": "ExpiresString",
    "ContentEncoding": "ContentEncoding",
    "ContentLanguage": "ContentLanguage",
}


def bring(client, pool: Pool, entry: Entry, tally: Tally) -> Entry | None:
    """Puts an object's bytes into the pool and returns the entry with all that is known now; None when it is gone.

    Raises BackupError for one that changes each time it is read, and the client's errors when tries do not help.
    """
    former = ""
    for number in range(TRIES):
        time.sleep(0 if number == 0 else 0.1 * 2**number)
        answer = open_object(client, entry)
        if answer is None:
            return None
        try:
            incoming = receive_object(pool, answer, tally)
        except broken_off():
            if number == TRIES - 1:
                raise
            continue
        current = describe_entry(client, entry, answer)
        if is_whole(client, current, answer, incoming, former):
            pool.keep(incoming)
            return replace(current, size=incoming.size, sha256=incoming.sha256)
        former = incoming.sha256
        incoming.path.unlink()
        tally.add(-incoming.size)
    raise BackupError(
        f"object {entry.name}",
        f"{TRIES} reads gave {TRIES} different contents",
        "an object that stays the same while it is read",
        "./invoke logs -s objects, then again",
    )


def broken_off() -> tuple[type[Exception], ...]:
    """What a connection that breaks in the middle of a body raises."""
    from botocore.exceptions import HTTPClientError, IncompleteReadError
    from urllib3.exceptions import HTTPError

    return HTTPClientError, IncompleteReadError, HTTPError, ConnectionError, TimeoutError


def open_object(client, entry: Entry) -> dict | None:
    from botocore.exceptions import ClientError

    try:
        return client.get_object(Bucket=entry.bucket, Key=entry.key)
    except ClientError as error:
        if objects.code_of(error) in GONE:
            return None
        raise


def receive_object(pool: Pool, answer: dict, tally: Tally) -> Incoming:
    """The body in the pool's temporary file. What broke off is not counted."""
    counted = 0

    def pieces():
        nonlocal counted
        for piece in answer["Body"].iter_chunks(PIECE):
            tally.add(len(piece))
            counted += len(piece)
            yield piece

    try:
        return pool.take_in(pieces())
    except Stopped:
        raise
    except BaseException:
        tally.add(-counted)
        raise


def is_whole(client, current: Entry, answer: dict, incoming: Incoming, former: str) -> bool:
    """Whether what arrived is what the store has: by its MD5, or by two looks where the ETag is no MD5."""
    if incoming.size != answer["ContentLength"]:
        return False
    if incoming.md5 == current.etag or incoming.sha256 == former:
        return True
    if is_md5(current.etag):
        return False
    again = head(client, current)
    return again is not None and (again["ETag"].strip('"'), again["ContentLength"]) == (current.etag, incoming.size)


def is_md5(etag: str) -> bool:
    return len(etag) == 32 and not set(etag) - set(string.hexdigits)


def head(client, entry: Entry) -> dict | None:
    """What the store says of an object, or None when it is gone."""
    from botocore.exceptions import ClientError

    try:
        return client.head_object(Bucket=entry.bucket, Key=entry.key)
    except ClientError as error:
        if objects.code_of(error) in GONE:
            return None
        raise


def describe_entry(client, entry: Entry, answer: dict) -> Entry:
    """The entry with what a GET or HEAD says. One that is unchanged keeps its listed time, which is more exact."""
    etag = answer["ETag"].strip('"')
    modified = entry.modified if etag == entry.etag else moment(answer["LastModified"])
    headers = {name: answer[field] for name, field in HEADERS.items() if answer.get(field)}
    metadata = {name.lower(): value for name, value in answer.get("Metadata", {}).items()}
    tags = tags_of(client, entry) if answer.get("TagCount") else {}
    return replace(
        entry,
        etag=etag,
        modified=modified,
        size=answer["ContentLength"],
        tags=tags,
        headers=headers,
        content_type=answer.get("ContentType", ""),
        metadata=metadata,
    )


def tags_of(client, entry: Entry) -> dict[str, str]:
    found = client.get_object_tagging(Bucket=entry.bucket, Key=entry.key)
    return {tag["Key"]: tag["Value"] for tag in found.get("TagSet", ())}
