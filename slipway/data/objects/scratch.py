"""The scratch bucket that an object store is tried out in, and what a check finds there."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from slipway.data.endpoints import Endpoints

PREFIX = "slipway-canary-"
ABANDONED = timedelta(minutes=5)


class Unsupported(Exception):
    """A check's finding that the store does not do this; the text says what it did instead."""


def expect(good: bool, otherwise: str) -> None:
    """Raises Unsupported with the finding unless the store did the right thing."""
    if not good:
        raise Unsupported(otherwise)


@dataclass(frozen=True)
class Scratch:
    """Where the checks work: a client, a plain HTTP session, and a scratch bucket with a prefix for the keys.

    `own` is False when no scratch bucket could be made and the prefix lies in a bucket that holds real data: then
    nothing may change the bucket's own configuration.
    """

    client: object
    http: object
    bucket: str
    prefix: str
    own: bool

    def key(self, name: str) -> str:
        return self.prefix + name

    def put(self, name: str, body: bytes = b"slipway", **more) -> str:
        """Puts a scratch object and returns its key."""
        self.client.put_object(Bucket=self.bucket, Key=self.key(name), Body=body, **more)
        return self.key(name)

    def body(self, key: str, **more) -> bytes:
        return self.client.get_object(Bucket=self.bucket, Key=key, **more)["Body"].read()


def open_scratch(client, http, ends: Endpoints) -> Scratch:
    """A scratch bucket; with keys that may not make one, a prefix in the first bucket of the stack."""
    from botocore.exceptions import ClientError

    name = f"{PREFIX}{secrets.token_hex(6)}"
    try:
        client.create_bucket(Bucket=name)
        return Scratch(client, http, name, "", own=True)
    except ClientError:
        if not ends.s3_buckets:
            raise
        return Scratch(client, http, ends.s3_buckets[0], f".{name}/", own=False)


def close_scratch(scratch: Scratch) -> None:
    empty(scratch.client, scratch.bucket, scratch.prefix)
    if scratch.own:
        scratch.client.delete_bucket(Bucket=scratch.bucket)


def sweep(client) -> None:
    """Removes what a canary that was killed left behind, and leaves one that may be running alone."""
    from botocore.exceptions import ClientError

    try:
        buckets = client.list_buckets().get("Buckets", ())
    except ClientError:
        return  # Keys that may not list made no scratch bucket either.
    now = datetime.now(UTC)
    for bucket in buckets:
        if bucket["Name"].startswith(PREFIX) and now - bucket["CreationDate"] > ABANDONED:
            empty(client, bucket["Name"])
            client.delete_bucket(Bucket=bucket["Name"])


def empty(client, bucket: str, prefix: str = "") -> None:
    """Removes every object, version, delete marker and unfinished upload below a prefix."""
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for entry in page.get("Contents", ()):
            client.delete_object(Bucket=bucket, Key=entry["Key"])
    for entry in list_optional(client, "list_object_versions", ("Versions", "DeleteMarkers"), bucket, prefix):
        client.delete_object(Bucket=bucket, Key=entry["Key"], VersionId=entry["VersionId"])
    for entry in list_optional(client, "list_multipart_uploads", ("Uploads",), bucket, prefix):
        client.abort_multipart_upload(Bucket=bucket, Key=entry["Key"], UploadId=entry["UploadId"])


def list_optional(client, operation: str, fields: tuple[str, ...], bucket: str, prefix: str) -> list[dict]:
    """What an optional listing names; a store that does not know the listing has nothing of the kind."""
    from botocore.exceptions import ClientError

    try:
        pages = list(client.get_paginator(operation).paginate(Bucket=bucket, Prefix=prefix))
    except ClientError:
        return []
    return [entry for page in pages for field in fields for entry in page.get(field, ())]
