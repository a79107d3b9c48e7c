"""What a store holds now, bucket by bucket, without the objects that this tool's own gates put there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from slipway.data.mirror.manifest import Entry
from slipway.data.objects import client as objects

SCRATCH = (f"{objects.GATE}/", ".slipway-canary-")


def entries(client, bucket: str) -> Iterator[Entry]:
    """The objects of a bucket as the store lists them: what only a GET or HEAD tells is empty."""
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for found in page.get("Contents", ()):
            if not found["Key"].startswith(SCRATCH):
                yield Entry(
                    bucket,
                    found["Key"],
                    found["Size"],
                    found["ETag"].strip('"'),
                    None,
                    None,
                    {},
                    moment(found["LastModified"]),
                )


def moment(when: datetime) -> str:
    return when.astimezone(UTC).isoformat().replace("+00:00", "Z")
