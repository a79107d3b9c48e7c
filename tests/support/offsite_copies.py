"""What the tests of off-site copies share: a store with objects, a bucket elsewhere, backups of objects alone."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path

from slipway.data import endpoints, mirror, wire
from slipway.data.backups import folder, verify
from slipway.data.mirror import manifest
from slipway.data.offsite import listing, place
from tests.support import asking


@dataclass
class Copies:
    """A stack that is nothing but an object store, its backups, and the place of their copies."""

    env: dict[str, str]
    client: object
    events: list[dict] = field(default_factory=list)

    @property
    def root(self) -> Path:
        return Path(self.env["BACKUP_DIR"])

    @property
    def bucket(self) -> str:
        return self.env["S3_BUCKETS"].split(",")[0]

    @property
    def elsewhere(self) -> str:
        return self.env["OFFSITE_S3_BUCKET"]

    def run(self, verb: str, args: dict | None = None, **env: str) -> dict:
        return asking.ask(verb, args, {**self.env, **env}, self.events.append)

    def put(self, key: str, body: bytes) -> None:
        self.client.put_object(Bucket=self.bucket, Key=key, Body=body)

    def backup(self) -> str:
        return self.run("backup", {"only": "objects", "keys": ["PROJECT"]})["id"]

    def push(self, identity: str | None = None, **env: str) -> dict:
        return self.run("backups.push", {"id": identity}, **env)

    def fetch(self, identity: str, key: str = "", **env: str) -> dict:
        return self.run("backups.fetch", {"id": identity, "identity": key}, **env)

    def lose_all(self) -> None:
        """This machine burns down: no backup, no pool, no spool."""
        shutil.rmtree(self.root)

    def ends(self, **env: str):
        return endpoints.read({**self.env, **env})

    def listed(self, **env: str) -> dict[str, dict]:
        seen = wire.encode(listing.summarize_copies(self.ends(**env)))
        assert not seen["problem"]
        return seen["copies"]

    def remote(self) -> dict[str, int]:
        """Every object in the bucket elsewhere, below the stack's place, with its size."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.elsewhere)
        there = place.open_remote(self.ends()).root
        return {found["Key"].removeprefix(there): found["Size"] for page in pages for found in page.get("Contents", ())}

    def body(self, name: str) -> bytes:
        names = place.open_remote(self.ends()).names(f"{place.open_remote(self.ends()).root}{name}")
        return self.client.get_object(**names)["Body"].read()

    def overwrite(self, name: str, body: bytes) -> None:
        remote = place.open_remote(self.ends())
        self.client.put_object(**remote.names(f"{remote.root}{name}"), Body=body)

    def problems(self, identity: str) -> list[str]:
        path, pool = self.root / identity, self.root / folder.OBJECTS
        return [*verify.problems(path), *mirror.sample(path, pool, None)]

    def content(self, identity: str) -> dict[str, bytes]:
        pool = self.root / folder.OBJECTS
        return {
            entry.key: (pool / entry.sha256[:2] / entry.sha256).read_bytes()
            for entry in manifest.read(self.root / identity)
        }


def environment(object_env: dict[str, str], folder: Path, elsewhere: str) -> dict[str, str]:
    return {
        **object_env,
        "BACKUP_DIR": str(folder / "backups"),
        "STACK": "shop-live",
        "STACK_ENVIRONMENT": "live",
        "OFFSITE_S3_BUCKET": elsewhere,
        "OFFSITE_S3_ENDPOINT": object_env["S3_ENDPOINT"],
        "OFFSITE_S3_ACCESS_KEY": object_env["S3_ACCESS_KEY"],
        "OFFSITE_S3_SECRET_KEY": object_env["S3_SECRET_KEY"],
        "OFFSITE_S3_PREFIX": "team/copies",
    }
