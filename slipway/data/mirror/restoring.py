"""`mirror.restore`: puts back the objects of a backup that are absent or others now; lists what is there besides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from email.header import Header
from functools import partial
from itertools import groupby, islice
from pathlib import Path
from urllib.parse import urlencode

from slipway.data.endpoints import Emit, Endpoints
from slipway.data.mirror import checking, listing, manifest, reading
from slipway.data.mirror.crew import Tally, each
from slipway.data.mirror.ledger import Ledger
from slipway.data.mirror.manifest import Entry
from slipway.data.mirror.pool import Pool
from slipway.data.mirror.taking import store_of
from slipway.data.objects import buckets, failures, multipart
from slipway.data.objects import client as objects
from slipway.data.restore.interface import Absent, PutBack
from slipway.errors import BackupError

NAMED = 100  # extra objects that are named; all of them are counted


def restore(
    ends: Endpoints,
    folder: Path,
    pool: Path,
    emit: Emit,
    delete_extra: bool = False,
    rename: Mapping[str, str] | None = None,
) -> PutBack:
    """Puts back what differs from the backup in `folder`; `rename` gives buckets of another environment their names here.

    Raises BackupError before anything is put when bytes are missing or a bucket is not this
    environment's own, and VerificationError when the store has other bytes after an upload.
    """
    with compare_buckets(ends, folder, rename) as (client, ledger, absent):
        refuse_missing(ledger, Pool(pool))
        made = tuple(bucket for bucket in absent if buckets.create_missing(client, bucket))
        return PutBack(made, *put_back(client, ledger, Pool(pool), emit), *extras(client, ledger, delete_extra))


def look(ends: Endpoints, folder: Path, pool: Path, emit: Emit, rename: Mapping[str, str] | None = None) -> Absent:
    """What `restore` would do, with every byte read that it would send; changes nothing in the store.

    Raises what `restore` raises before it puts anything.
    """
    with compare_buckets(ends, folder, rename) as (_, ledger, _):
        refuse_missing(ledger, Pool(pool))
        tally = Tally(emit, "reading objects", ledger.different_bytes())
        wanted = (entry for entry, now in pairs(ledger) if not is_untouched(entry, now))
        put = 0
        for entry, problem in each(partial(checking.damage, pool=Pool(pool), aside=True), wanted, tally.stop):
            if problem:
                raise missing_error([problem])
            tally.add(entry.size)
            put += 1
        return Absent(put, tally.done)


@contextmanager
def compare_buckets(ends: Endpoints, folder: Path, rename: Mapping[str, str] | None) -> Iterator[tuple]:
    """A client, what was backed up beside what is there now, and the buckets that are not there."""
    from botocore.exceptions import BotoCoreError, ClientError

    client = objects.client(ends)
    try:
        with Ledger() as ledger:
            ledger.add("before", rename_buckets(manifest.read(folder), dict(rename or {}), ends.s3_buckets))
            absent = [bucket for bucket in ends.s3_buckets if not buckets.exists(client, bucket)]
            for bucket in ends.s3_buckets:
                if bucket not in absent:
                    ledger.add("now", listing.entries(client, bucket))
            yield client, ledger, absent
    except (BotoCoreError, ClientError, *reading.broken_off()) as error:
        raise failures.store_error(error, "object store", store_of(ends)) from None


def rename_buckets(entries: Iterator[Entry], names: dict[str, str], own: tuple[str, ...]) -> Iterator[Entry]:
    """The entries under this environment's bucket names; never those of a bucket that it does not own."""
    for entry in entries:
        bucket = names.get(entry.bucket, entry.bucket)
        if bucket not in own:
            raise BackupError(
                f"bucket {bucket}",
                "not a bucket of this environment",
                f"one of {', '.join(own)}",
                "add it to S3_BUCKETS, then ./invoke up",
            )
        yield replace(entry, bucket=bucket)


def put_back(client, ledger: Ledger, pool: Pool, emit: Emit) -> tuple[int, int, int]:
    """How many were put back, their bytes, and how many were the same."""
    tally = Tally(emit, "objects", ledger.different_bytes())
    put = size = 0
    for (entry, _), was_put in each(partial(settle, client, pool, tally), pairs(ledger), tally.stop):
        put, size = put + was_put, size + entry.size * was_put
    return put, size, ledger.backed_up() - put


def pairs(ledger: Ledger) -> Iterator[tuple[Entry, Entry | None]]:
    """What was backed up and seems different, each with what is there now."""
    return ((entry, ledger.now(entry.bucket, entry.key)) for entry in ledger.different())


def refuse_missing(ledger: Ledger, pool: Pool) -> None:
    """Nothing is put back unless all can be."""
    lost = [
        entry.name
        for entry, now in pairs(ledger)
        if not is_untouched(entry, now) and not (entry.sha256 and pool.has(entry.sha256, entry.size))
    ]
    if lost:
        raise missing_error([f"the bytes of {len(lost)} are not kept: {', '.join(lost[:5])}"])


def is_untouched(entry: Entry, now: Entry | None) -> bool:
    """Whether the store has these very bytes, by size and ETag."""
    return now is not None and (entry.size, entry.etag) == (now.size, now.etag)


def missing_error(problems: list[str]) -> BackupError:
    return BackupError(
        "objects of the backup",
        problems[0],
        "the bytes of every object that is absent or changed",
        "./invoke backups.fetch of its copy, or ./invoke backups.list for another; nothing was changed",
    )


def settle(client, pool: Pool, tally: Tally, pair: tuple[Entry, Entry | None]) -> bool:
    """Puts one object back, and says whether that was needed."""
    entry, now = pair
    if now and same_bytes(entry, now, pool) and same_words(client, entry):
        tally.add(entry.size)
        return False
    if not entry.sha256:
        raise BackupError(
            f"object {entry.name}",
            "its bytes are not kept, and its metadata differs",
            "a backup with bytes",
            "./invoke backups.list",
        )
    names = {"Bucket": entry.bucket, "Key": entry.key}
    multipart.store(client, names, pool.path(entry.sha256), entry.sha256, words(entry), tally)
    return True


def same_bytes(entry: Entry, now: Entry, pool: Pool) -> bool:
    """By the ETag: the one that was backed up, or the one that the kept bytes would have."""
    if entry.size != now.size:
        return False
    if entry.etag == now.etag:
        return True
    path = pool.path(entry.sha256 or "")
    return now.etag in (multipart.md5(multipart.pieces(path)).hex(), multipart.joined_etag(path))


def same_words(client, entry: Entry) -> bool:
    found = reading.head(client, entry)
    return found is not None and words(reading.describe_entry(client, entry, found)) == words(entry)


def words(entry: Entry) -> dict:
    """What goes to the store beside the bytes."""
    plain = {name: ascii_only(value) for name, value in entry.metadata.items()}
    tags = {"Tagging": urlencode(entry.tags)} if entry.tags else {}
    kind = {"ContentType": entry.content_type} if entry.content_type else {}
    return {"Metadata": plain, **kind, **entry.headers, **tags}


def ascii_only(text: str) -> str:
    """Headers carry ASCII; other text travels as RFC 2047 has it, which is also how S3 gives it back."""
    return text if text.isascii() else Header(text, "utf-8").encode()


def extras(client, ledger: Ledger, delete: bool) -> tuple[int, tuple[str, ...], int]:
    """What is in the store and not in the backup: counted, named, and deleted only when told."""
    names = tuple(entry.name for entry in islice(ledger.extra(), NAMED))
    count = sum(1 for _ in ledger.extra())
    deleted = sum(remove(client, batch) for batch in batches(ledger.extra())) if delete else 0
    return count, names, deleted


def batches(entries: Iterator[Entry]) -> Iterator[list[Entry]]:
    """As many at a time as one request may delete, and of one bucket."""
    for _, some in groupby(entries, lambda entry: entry.bucket):
        while batch := list(islice(some, 1000)):
            yield batch


def remove(client, batch: list[Entry]) -> int:
    keys = [{"Key": entry.key} for entry in batch]
    answer = client.delete_objects(Bucket=batch[0].bucket, Delete={"Objects": keys, "Quiet": True})
    for failure in answer.get("Errors", ()):
        raise BackupError(
            f"object {batch[0].bucket}/{failure.get('Key')}",
            str(failure.get("Message", "not deleted")),
            "keys that may delete it",
            "./invoke logs -s objects",
        )
    return len(batch)
