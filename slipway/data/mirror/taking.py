"""`mirror.take`: lists the store, brings the bytes that no backup has yet, and writes objects.jsonl."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from slipway.data.endpoints import Emit, Endpoints
from slipway.data.mirror import listing, manifest, reading
from slipway.data.mirror.crew import Tally, each
from slipway.data.mirror.ledger import UNDESCRIBED, UNREAD, Ledger
from slipway.data.mirror.manifest import Entry
from slipway.data.mirror.pool import Pool
from slipway.data.objects import client as objects
from slipway.data.objects import failures
from slipway.data.progress import progress
from slipway.errors import BackupError


def take(ends: Endpoints, folder: Path, pool: Path, emit: Emit, bytes: bool = True) -> dict:
    """Writes folder/objects.jsonl, and into the pool the bytes of each object that is new or changed.

    An object is unchanged when size, ETag and time are those of the newest earlier backup beside `folder` and its
    bytes are in the pool. Returns {"buckets": {name: {"count", "bytes"}}, "bytes_kept", "read": objects that were
    read, "gone": objects that were deleted meanwhile and are left out}. Raises BackupError with the store's reason.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    client = objects.client(ends)
    try:
        with Ledger() as ledger:
            ledger.add("before", earlier(folder))
            for bucket in ends.s3_buckets:
                ledger.add("now", report_listing(listing.entries(client, bucket), bucket, emit))
            ledger.carry()
            done = bring(client, ledger, Pool(pool), emit) if bytes else describe(client, ledger, emit)
            write(ledger, folder / manifest.NAME)
            empty = {bucket: {"count": 0, "bytes": 0} for bucket in ends.s3_buckets}
            return {"buckets": empty | ledger.buckets(), "bytes_kept": bytes, **done}
    except (BotoCoreError, ClientError, *reading.broken_off()) as error:
        raise failures.store_error(error, "object store", store_of(ends)) from None
    except OSError as error:
        raise no_room(error) from None


def store_of(ends: Endpoints) -> failures.Store:
    return failures.Store("S3", ends.s3_endpoint, "./invoke up; then again")


def no_room(error: OSError) -> BackupError:
    return BackupError(
        str(error.filename or "backups"),
        error.strerror or str(error),
        "a disk with room, which may be written",
        "make room, then again",
    )


def earlier(folder: Path) -> Iterator[Entry]:
    """The objects of the newest backup beside this one whose list is whole: a damaged one must not stop a new backup."""
    others = (
        path.parent
        for path in folder.parent.glob(f"*/{manifest.NAME}")
        if path.parent != folder and not path.parent.name.startswith(".")
    )
    for path in sorted(others, key=lambda path: path.name, reverse=True):
        if manifest.is_whole(path):
            return manifest.read(path)
    return iter(())


def report_listing(entries: Iterator[Entry], bucket: str, emit: Emit) -> Iterator[Entry]:
    for number, entry in enumerate(entries, 1):
        if number % 1000 == 0:
            progress(emit, f"objects: listing {bucket}", number, 0, "files")
        yield entry


def bring(client, ledger: Ledger, pool: Pool, emit: Emit) -> dict:
    """Reads what is new, changed, or lost from the pool."""
    ledger.forget(pool.has)
    tally = Tally(emit, "objects", ledger.unread_bytes())
    done = settle(ledger, UNREAD, partial(reading.bring, client, pool, tally=tally), tally)
    if done["read"]:
        pool.settle()
    return done


def describe(client, ledger: Ledger, emit: Emit) -> dict:
    """Asks for the content type and metadata of what is new or changed; brings no bytes."""

    def ask(entry: Entry) -> Entry | None:
        answer = reading.head(client, entry)
        return answer and reading.describe_entry(client, entry, answer)

    ledger.forget_all()
    return settle(ledger, UNDESCRIBED, ask, Tally(emit, "objects", 0))


def settle(ledger: Ledger, query: str, work: Callable[[Entry], Entry | None], tally: Tally) -> dict:
    """Does the work on what is not known yet, and enters what came of it."""
    read = gone = 0
    for batch in ledger.batches(query):
        for entry, found in each(work, batch, tally.stop):
            if found is None:
                ledger.drop(entry)
                gone += 1
            else:
                ledger.put(found)
                read += 1
    return {"read": read, "gone": gone}


def write(ledger: Ledger, path: Path) -> None:
    with path.open("x", encoding="utf-8") as file:
        file.writelines(entry.line() for entry in ledger.entries())
        file.flush()
        os.fsync(file.fileno())
