"""Retention elsewhere: the same rules as here; a copy leaves the list first, its files next, unused objects last."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from slipway.data.backups import folder, manifest, retention
from slipway.data.backups.interface import PrunedCopies
from slipway.data.endpoints import Emit, Endpoints
from slipway.data.offsite import listing, place, used
from slipway.data.offsite.listing import Copy
from slipway.data.offsite.place import SEALED, Remote
from slipway.data.offsite.shelf import Shelf
from slipway.data.progress import progress
from slipway.errors import BackupError

UNFINISHED = timedelta(days=7)  # a push that broke off may go on for so long


def prune(ends: Endpoints, dry_run: bool, emit: Emit) -> PrunedCopies:
    """Removes the copies that no rule keeps.

    With `dry_run` nothing is touched. Raises BackupError; then no object that a copy needs was removed.
    """
    remote = place.open_remote(ends)
    with place.translate_failures(remote, "off-site copies"), place.alone(ends, "pruning copies") as spool:
        now, there = datetime.now(UTC), listing.copies(remote)
        kept = choose_staying(ends, there, now)
        gone = tuple(name for name, copy in there.items() if copy.complete and name not in kept)
        if dry_run:
            return PrunedCopies(kept, gone, 0)
        left = [name for name, copy in there.items() if not copy.complete and now - copy.newest > UNFINISHED]
        for name in (*gone, *left):
            progress(emit, f"removing the copy {name}", 0, 0, "")
            remove(remote, there[name])
        unfinished = there.keys() - set(gone) - set(left) - kept.keys()
        abort(remote, now)
        tidy(spool, now)
        return PrunedCopies(kept, gone, 0 if unfinished else sweep(remote, kept))


def choose_staying(ends: Endpoints, there: dict[str, Copy], now: datetime) -> dict[str, str]:
    proven = {found["id"] for found in folder.list_backups(ends) if found["proven"]}
    backups = [
        retention.Backup(copy.identity, moment(copy.identity), copy.is_proven or copy.identity in proven, copy.parts)
        for copy in there.values()
        if copy.complete
    ]
    return retention.choose_kept(backups, ends.backup.keep, now)


def moment(identity: str) -> datetime:
    """When a backup began, by its name: all that is known of a sealed one."""
    return datetime.strptime(identity.partition("-")[0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def remove(remote: Remote, copy: Copy) -> None:
    """First what makes it a copy, so that none is ever listed that is not whole."""
    first = copy.files.keys() & {manifest.NAME, manifest.NAME + SEALED}
    delete(remote, (remote.file(copy.identity, name)["Key"] for name in first))
    delete(remote, (remote.file(copy.identity, name)["Key"] for name in copy.files.keys() - first))


def sweep(remote: Remote, kept: Iterable[str]) -> int:
    """Removes the pool's objects that no copy uses; none when one copy cannot say what it uses."""
    with Shelf() as shelf:
        for identity in kept:
            shelf.want((name, "", 0) for name in used.read(remote, identity))
        shelf.fill(remote)
        return delete(remote, (remote.object(name)["Key"] for name in shelf.unwanted_names()))


def delete(remote: Remote, keys: Iterable[str]) -> int:
    """Removes objects, a thousand at a time; returns how many. Where versions are kept, these stay below a marker."""
    count, each = 0, iter(keys)
    while some := list(islice(each, 1000)):
        answer = remote.client.delete_objects(
            Bucket=remote.target.bucket, Delete={"Objects": [{"Key": key} for key in some], "Quiet": True}
        )
        for failure in answer.get("Errors", ()):
            raise BackupError(
                str(failure.get("Key")),
                str(failure.get("Message", "not removed")),
                "keys that may delete there",
                "correct OFFSITE_S3_ACCESS_KEY in .env",
            )
        count += len(some)
    return count


def abort(remote: Remote, now: datetime) -> None:
    """Ends uploads that broke off long ago: their parts cost money, and no listing shows them."""
    from botocore.exceptions import ClientError

    try:
        pages = list(
            remote.client.get_paginator("list_multipart_uploads").paginate(
                Bucket=remote.target.bucket, Prefix=remote.root
            )
        )
    except ClientError:
        return  # a store without that listing
    for found in (each for page in pages for each in page.get("Uploads", ())):
        if now - found["Initiated"] > UNFINISHED:
            remote.client.abort_multipart_upload(**remote.names(found["Key"]), UploadId=found["UploadId"])


def tidy(spool: Path, now: datetime) -> None:
    """Removes what pushes and fetches that nobody has gone on with have left here."""
    for path in spool.iterdir():
        if path.is_dir() and now - datetime.fromtimestamp(path.stat().st_mtime, UTC) > UNFINISHED:
            shutil.rmtree(path, ignore_errors=True)
