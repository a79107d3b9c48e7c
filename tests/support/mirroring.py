"""What the tests of the object mirror share: a store, a place for backups, and finished backups in it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from slipway.data import endpoints, mirror, wire
from slipway.data.endpoints import Endpoints
from slipway.data.mirror import manifest


@dataclass
class Mirror:
    """A store with its buckets, and a directory of backups that hold objects only."""

    env: dict[str, str]
    root: Path
    client: object
    events: list[dict] = field(default_factory=list)

    @property
    def ends(self) -> Endpoints:
        return endpoints.read(self.env)

    @property
    def bucket(self) -> str:
        return self.env["S3_BUCKETS"].split(",")[0]

    @property
    def pool(self) -> Path:
        return self.root / "objects"

    def make_buckets(self) -> None:
        for bucket in self.env["S3_BUCKETS"].split(","):
            self.client.create_bucket(Bucket=bucket)

    def put(self, key: str, body: bytes, bucket: str = "", **more) -> None:
        self.client.put_object(Bucket=bucket or self.bucket, Key=key, Body=body, **more)

    def get(self, key: str, bucket: str = "") -> bytes:
        return self.client.get_object(Bucket=bucket or self.bucket, Key=key)["Body"].read()

    def delete(self, *keys: str) -> None:
        for key in keys:
            self.client.delete_object(Bucket=self.bucket, Key=key)

    def keys(self, bucket: str = "") -> set[str]:
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=bucket or self.bucket)
        return {found["Key"] for page in pages for found in page.get("Contents", ())}

    def take(self, name: str, bytes: bool = True, emit: Callable[[dict], None] | None = None, **env: str) -> dict:
        """A finished backup under that name; the answer is what the mirror says of it."""
        folder = self.root / f".partial-{name}-1"
        folder.mkdir(parents=True)
        ends = endpoints.read({**self.env, **env})
        found = mirror.take(ends, folder, self.pool, emit or self.events.append, bytes)
        finish(folder, found)
        folder.rename(self.root / name)
        return found

    def entries(self, name: str) -> dict[str, manifest.Entry]:
        return {entry.name: entry for entry in manifest.read(self.root / name)}

    def bytes_of(self, entry: manifest.Entry) -> bytes:
        return (self.pool / entry.sha256[:2] / entry.sha256).read_bytes()

    def restore(self, name: str, **options) -> dict:
        return wire.encode(mirror.restore(self.ends, self.root / name, self.pool, self.events.append, **options))


def finish(folder: Path, found: dict) -> None:
    """The part of a backup's manifest that is about objects."""
    digest = hashlib.sha256((folder / manifest.NAME).read_bytes()).hexdigest()
    text = {"files": {manifest.NAME: {"sha256": digest}}, "objects": found}
    (folder / "manifest.json").write_text(json.dumps(text))


def once(act: Callable[[], object]) -> Callable[[dict], None]:
    """An emit that does something when the first bytes have gone their way; the others wait for it."""

    def emit(event: dict) -> None:
        nonlocal act
        if event["text"] == "objects" and act:
            do, act = act, None
            do()

    return emit


def pool_problems(pool: Path) -> list[str]:
    """Files of the pool whose name is not the sha256 of what they hold."""
    return [str(path) for path in pool.glob("??/*") if hashlib.sha256(path.read_bytes()).hexdigest() != path.name]
