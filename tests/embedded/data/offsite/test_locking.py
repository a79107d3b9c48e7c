"""Copies in a bucket with object lock: every file is held for as long as it is set, cannot be removed, and comes back.

The store is moto, which imitates S3: the servers that the tests have otherwise know no lock. It keeps the lock of a file
that comes at once and forgets that of one that comes in parts, so that both ways of setting it are seen.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from slipway.data.objects import multipart
from slipway.data.offsite import place
from tests.embedded.data.conftest import NUMBERS
from tests.support import offsite_copies, services
from tests.support.offsite_copies import Copies
from tests.support.waiting import until

DAYS = 3
PART = 5 * 2**20  # the smallest that S3 takes
CONTENT = {"small": b"some text", "in parts": os.urandom(PART + 5)}
KEEP = {f"BACKUP_KEEP_{name}": "0" for name in ("DAILY", "WEEKLY", "MONTHLY", "DAYS")} | {"BACKUP_KEEP_LAST": "1"}


@pytest.fixture(scope="module")
def moto(folder: Path) -> Iterator[str]:
    port = services.free_port()
    server = services.Server(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], folder / "moto.log", {}
    )
    server.start()
    try:
        until(lambda: services.listens(port), "moto listens")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.kill()


@pytest.fixture
def locked(object_env, s3_client, moto: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Copies:
    """A store with objects here, and elsewhere a bucket that was made with object lock."""
    monkeypatch.setattr(multipart, "PART", PART)
    env = (
        offsite_copies.environment(object_env, tmp_path, f"locked{next(NUMBERS)}")
        | KEEP
        | {"OFFSITE_S3_ENDPOINT": moto, "OFFSITE_LOCK_DAYS": str(DAYS)}
    )
    for bucket in object_env["S3_BUCKETS"].split(","):
        s3_client.create_bucket(Bucket=bucket)
    made = Copies(env, s3_client)
    elsewhere(made).create_bucket(Bucket=made.elsewhere, ObjectLockEnabledForBucket=True)
    for key, body in CONTENT.items():
        made.put(key, body)
    return made


def elsewhere(copies: Copies):
    return place.open_remote(copies.ends()).client


def versions(copies: Copies) -> list[dict]:
    """Bucket, key and version of every file that is there, those below a marker too."""
    pages = elsewhere(copies).get_paginator("list_object_versions").paginate(Bucket=copies.elsewhere)
    return [
        {"Bucket": copies.elsewhere, "Key": each["Key"], "VersionId": each["VersionId"]}
        for page in pages
        for each in page.get("Versions", ())
    ]


def held_until(copies: Copies, version: dict, mode: str = "governance") -> datetime:
    found = elsewhere(copies).head_object(**version)
    assert found["ObjectLockMode"] == mode.upper()
    return found["ObjectLockRetainUntilDate"]


@pytest.mark.parametrize("mode", ["governance", "compliance"])
def test_every_file_of_a_copy_is_held_and_what_prune_removes_stays_below_a_marker(locked: Copies, mode: str) -> None:
    from botocore.exceptions import ClientError

    locked.env["OFFSITE_LOCK_MODE"] = mode
    before = datetime.now(UTC).replace(microsecond=0)
    first = locked.backup()
    locked.push(first)
    held = versions(locked)
    assert len(held) >= len(CONTENT) + 4
    assert all(held_until(locked, each, mode) >= before + timedelta(days=DAYS) for each in held)
    for each in held:
        with pytest.raises(ClientError, match="AccessDenied"):
            elsewhere(locked).delete_object(**each)
    second = locked.backup()
    locked.push(second)
    locked.lose_all()
    assert locked.run("backups.prune")["offsite"]["gone"] == [first] and set(locked.listed()) == {second}
    assert {each["VersionId"] for each in held} <= {each["VersionId"] for each in versions(locked)}
    locked.fetch(second)
    assert locked.problems(second) == [] and locked.content(second) == CONTENT


def test_an_object_that_a_later_copy_uses_is_held_from_then_on(locked: Copies) -> None:
    locked.push(locked.backup(), OFFSITE_LOCK_DAYS="1")
    objects = [each for each in versions(locked) if "/objects/" in each["Key"]]
    assert len(objects) == len(CONTENT)
    before = datetime.now(UTC).replace(microsecond=0)
    assert locked.push(locked.backup())["pushed"][0]["objects"] == 0
    assert all(held_until(locked, each) >= before + timedelta(days=DAYS) for each in objects)
