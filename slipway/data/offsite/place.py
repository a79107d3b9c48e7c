"""The place of the copies in their store: which key each file has, and how failures of that store are told."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from slipway.data.backups import folder, lock
from slipway.data.endpoints import Endpoints, need
from slipway.data.mirror import reading
from slipway.data.objects import client as objects
from slipway.data.objects import failures
from slipway.data.offsite.target import Target

SPOOL = ".offsite"  # beside the backups: what is on its way, and the key of the pool's names
SEALED = ".age"


@dataclass(frozen=True)
class Remote:
    """One stack's copies: PREFIX/STACK/backups/ID/FILE and PREFIX/STACK/objects/xx/NAME."""

    client: object
    target: Target
    stack: str

    @property
    def root(self) -> str:
        return "".join(f"{part}/" for part in (self.target.prefix, self.stack) if part)

    @property
    def backups(self) -> str:
        return f"{self.root}backups/"

    @property
    def objects(self) -> str:
        return f"{self.root}objects/"

    def file(self, identity: str, name: str) -> dict:
        return self.names(f"{self.backups}{identity}/{name}")

    def object(self, name: str) -> dict:
        return self.names(f"{self.objects}{name[:2]}/{name}")

    def names(self, key: str) -> dict:
        return {"Bucket": self.target.bucket, "Key": key}

    def list_objects(self, prefix: str) -> Iterator[dict]:
        """What the store lists below a prefix: Key, Size, ETag, LastModified."""
        for page in self.client.get_paginator("list_objects_v2").paginate(Bucket=self.target.bucket, Prefix=prefix):
            yield from page.get("Contents", ())

    def __str__(self) -> str:
        return f"{self.target.endpoint}/{self.target.bucket}/{self.root}"


def open_remote(ends: Endpoints, stack: str = "") -> Remote:
    """The copies of this stack, or of another. Raises SettingsError where no bucket is set."""
    target = ends.offsite
    for name, value, example in (
        ("BUCKET", target.bucket, "a bucket of yours elsewhere"),
        ("ENDPOINT", target.endpoint, "https://s3.example.org"),
        ("ACCESS_KEY", target.access_key, "the access key of that store"),
        ("SECRET_KEY", target.secret_key, "the secret key of that store"),
    ):
        need(value, f"OFFSITE_S3_{name}", example)
    there = replace(
        ends,
        s3_endpoint=target.endpoint,
        s3_region=target.region,
        s3_access_key=target.access_key,
        s3_secret_key=target.secret_key,
        s3_provider="external",
    )
    return Remote(objects.client(there), target, stack or ends.backup.stack)


@contextmanager
def translate_failures(remote: Remote, doing: str) -> Iterator[None]:
    """Turns the store's failures inside the block into BackupErrors that say what to mend."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except (BotoCoreError, ClientError, *reading.broken_off()) as error:
        store = failures.Store(
            "OFFSITE_S3",
            remote.target.endpoint,
            f"check OFFSITE_S3_ENDPOINT and OFFSITE_S3_BUCKET ({remote.target.bucket}) in .env",
        )
        raise failures.store_error(error, doing, store) from None
    except OSError as error:
        raise folder.unreachable(Path(error.filename or SPOOL), error) from None


@contextmanager
def alone(
    ends: Endpoints, doing: str, tell: Callable[[str], None] = lambda text: None, wait: float = 0
) -> Iterator[Path]:
    """The spool, with the right to change the copies. Backups may be taken meanwhile. Raises LockHeld."""
    spool = folder.root(ends) / SPOOL
    try:
        for each in (spool.parent, spool):
            each.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(spool / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise folder.unreachable(spool, error) from None
    try:
        lock.take(handle, doing, wait, tell)
        yield spool
        os.ftruncate(handle, 0)
    finally:
        os.close(handle)
