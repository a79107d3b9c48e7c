"""Drills: a backup counts when it was restored and found as it was; one that does not hold is told, with evidence."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from slipway.data import endpoints
from slipway.data.backups import folder as places
from slipway.data.backups import manifest
from slipway.data.restore import drill
from slipway.errors import BackupError, SettingsError, VerificationError
from slipway.ops import verbs
from tests.support import restoring, services
from tests.support.restoring import backup
from tests.support.waiting import until

CHECKS = {
    "files",
    "restore",
    "tables",
    "rows",
    "content",
    "sequences",
    "sequences ahead",
    "large objects",
    "schema version",
    "constraints",
    "indexes",
    "extensions",
    "amcheck",
}
AWAY = {
    "ADMIN_DATABASE_URL": "postgresql://nobody:x@127.0.0.1:1/x",
    "MIGRATE_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/x",
}


@pytest.fixture
def shop(stack):
    yield restoring.filled(stack)
    restoring.tidy(stack)


def evidence(stack, name: str) -> dict:
    return json.loads((restoring.path(stack, name) / manifest.EVIDENCE).read_text())


def left(stack) -> list[str]:
    """What is beside the backups and is none of them."""
    return [path.name for path in restoring.path(stack, "").iterdir() if path.name.startswith(".drill")]


def test_a_drilled_backup_is_proven_and_the_live_server_was_not_asked(shop) -> None:
    old, name = backup(shop), backup(shop)
    found = shop.run("backups.drill", **AWAY)
    assert found["ok"] and found["id"] == name and {each["name"] for each in found["checks"]} == CHECKS
    assert evidence(shop, name) == {key: found[key] for key in ("at", "ok", "seconds", "server", "checks")}
    assert {each["id"]: each["proven"] for each in places.list_backups(endpoints.read(shop.env))} == {
        name: True,
        old: False,
    }
    assert left(shop) == [] and shop.run("backups.verify", {"id": name})["id"] == name
    assert shop.run("backups.drill", {"id": old}, **AWAY)["id"] == old
    assert any(event["unit"] == "rows" and event["done"] == event["total"] for event in shop.events if "unit" in event)


def test_with_no_backup_the_next_step_is_to_take_one(shop) -> None:
    with pytest.raises(BackupError, match="there is none") as caught:
        shop.run("backups.drill")
    assert caught.value.next == "./invoke backup"


def forge(stack, name: str, change) -> None:
    """Changes the manifest and its digest, as nobody but a test does."""
    path = restoring.path(stack, name)
    content = manifest.read(path)
    change(content)
    manifest.write(path, content)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (
            lambda content: content["tables"]["public.users"].update(rows=2999),
            "rows: public.users has 3,000 rows instead of 2,999",
        ),
        (
            lambda content: content["tables"]["public.posts"].update(hash="0" * 16),
            "content: public.posts has another content",
        ),
        (lambda content: content.update(schema_version=2), "schema version: 1 instead of 2"),
        (lambda content: content["extensions"].update(postgis="3.5"), "restore: needs extensions"),
    ],
)
def test_a_backup_that_does_not_hold_ends_with_8_and_with_evidence(shop, change, found) -> None:
    name = backup(shop)
    forge(shop, name, change)
    with pytest.raises(VerificationError, match=found) as caught:
        shop.run("backups.drill")
    assert caught.value.code == 8 and name in caught.value.where and left(shop) == []
    assert not evidence(shop, name)["ok"]
    assert [each["name"] for each in evidence(shop, name)["checks"] if not each["ok"]] == [found.split(":")[0]]


def test_each_damaged_file_is_named_and_no_server_is_started(shop) -> None:
    dice = random.Random(3)
    for file in (manifest.DUMP, manifest.GLOBALS, manifest.KEYS, manifest.NAME, manifest.DIGEST):
        name = backup(shop)
        path = restoring.path(shop, name) / file
        content = bytearray(path.read_bytes() or b"\0")
        content[dice.randrange(len(content))] ^= 1 << dice.randrange(8)
        path.write_bytes(content)
        with pytest.raises(VerificationError, match=file.replace(".", r"\.")):
            shop.run("backups.drill", {"id": name})
        assert [each["name"] for each in evidence(shop, name)["checks"]] == ["files"]


def test_a_dump_that_pg_restore_refuses_in_the_middle_does_not_hold(shop) -> None:
    name = backup(shop)
    dump = restoring.path(shop, name) / manifest.DUMP
    with dump.open("r+b") as file:
        file.seek(dump.stat().st_size // 2)
        file.write(b"\xff" * 2000)
    forge(shop, name, lambda content: content["files"].update({manifest.DUMP: manifest.facts(dump)}))
    with pytest.raises(VerificationError, match="restore: "):
        shop.run("backups.drill", {"id": name})
    assert not evidence(shop, name)["ok"]


def test_a_drill_that_could_not_be_done_says_nothing_about_the_backup(shop, small_disk, monkeypatch) -> None:
    with shop.connect("admin") as conn:
        conn.execute("insert into users (name) select repeat(md5(n::text), 20) || n from generate_series(1, 60000) n")
    name = backup(shop)
    room = small_disk(90)
    monkeypatch.setattr(drill.folder, "root", lambda ends: room)
    monkeypatch.setattr(drill.folder, "find", lambda ends, identity: restoring.path(shop, identity))
    with pytest.raises(BackupError) as caught:
        shop.run("backups.drill", {"id": name})
    assert caught.value.code == 7 and not (restoring.path(shop, name) / manifest.EVIDENCE).exists()
    assert list(room.glob(".drill*")) == []


def test_a_dump_with_a_compression_that_the_programs_here_lack_says_nothing_about_the_backup(shop) -> None:
    """One byte of the archive's header names the compression: 3 is zstd, which the wheel's pg_restore was built without."""
    name = backup(shop)
    dump = restoring.path(shop, name) / manifest.DUMP
    with dump.open("r+b") as file:
        file.seek(11)
        file.write(b"\3")
    forge(shop, name, lambda content: content["files"].update({manifest.DUMP: manifest.facts(dump)}))
    listed = subprocess.run(
        [services.postgres_bin() / "pg_restore", "--list", dump], capture_output=True, text=True, check=False
    )
    if "does not support" not in listed.stderr:
        pytest.skip("these programs have zstd")
    for verb in ("backups.drill", "restore"):
        with pytest.raises(SettingsError, match="does not support compression with zstd"):
            shop.run(verb, {"id": name})
    assert not (restoring.path(shop, name) / manifest.EVIDENCE).exists() and restoring.databases(shop) == [
        shop.database
    ]


def test_the_server_of_a_killed_drill_is_ended_and_removed_by_the_next(shop) -> None:
    with shop.connect("admin") as conn:
        conn.execute("insert into users (name) select 'more ' || n from generate_series(1, 300000) n")
    name = backup(shop)
    child = subprocess.Popen(
        [sys.executable, "-m", "slipway.ops", "backups.drill"],
        stdout=subprocess.DEVNULL,
        env={**os.environ, **shop.env},
    )
    # The last line of its postmaster.pid; the socket may be elsewhere, where the path to it here is too long.
    until(
        lambda: any("ready" in pid.read_text() for pid in restoring.path(shop, "").glob(".drill*/data/postmaster.pid")),
        "a server of its own is ready",
    )
    child.kill()
    child.wait()
    (place,) = left(shop)
    postmaster = int((restoring.path(shop, "") / place / "data" / "postmaster.pid").read_text().split()[0])
    assert shop.run("backups.drill")["ok"] and left(shop) == []
    until(lambda: not alive(postmaster), "the server has ended")
    assert evidence(shop, name)["ok"]


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def stocked(stack, object_env: dict[str, str], s3_client, count: int) -> tuple[str, str]:
    """The name of a backup with so many objects, and of the bucket that has them."""
    stack.env.update(object_env | {"STATE_DIR": stack.env["STATE_DIR"]})
    stack.run("buckets")
    bucket = object_env["S3_BUCKETS"].split(",")[0]
    for number in range(count):
        s3_client.put_object(Bucket=bucket, Key=f"k{number}", Body=f"body {number}".encode())
    return backup(stack), bucket


def test_objects_are_looked_at_too(shop, object_env, s3_client) -> None:
    name, _ = stocked(shop, object_env, s3_client, 5)
    found = shop.run("backups.drill", {"id": name})
    assert {each["name"]: each["found"] for each in found["checks"]}["objects"] == "5, 5 of them read"
    kept = [path for path in (restoring.path(shop, "") / places.OBJECTS).rglob("*") if path.is_file()]
    kept[0].write_bytes(b"x" * kept[0].stat().st_size)
    with pytest.raises(VerificationError, match="objects: "):
        shop.run("backups.drill", {"id": name})


def test_objects_come_back_and_those_since_stay(shop, object_env, s3_client) -> None:
    name, bucket = stocked(shop, object_env, s3_client, 3)
    s3_client.delete_object(Bucket=bucket, Key="k0")
    s3_client.put_object(Bucket=bucket, Key="k1", Body=b"other")
    s3_client.put_object(Bucket=bucket, Key="since", Body=b"since")
    done = shop.run("restore.objects", {"id": name})
    assert (done["put"], done["same"], done["extra"]) == (2, 1, 1) and "since" in done["extras"][0]
    assert {
        key: s3_client.get_object(Bucket=bucket, Key=key)["Body"].read() for key in ("k0", "k1", "k2", "since")
    } == {"k0": b"body 0", "k1": b"body 1", "k2": b"body 2", "since": b"since"}


@pytest.mark.parametrize("spoil", [Path.unlink, lambda path: path.write_bytes(b"BODY 0")])
def test_a_look_finds_what_could_not_be_put_back_and_touches_nothing(shop, object_env, s3_client, spoil) -> None:
    name, bucket = stocked(shop, object_env, s3_client, 1)
    (pooled,) = (path for path in (restoring.path(shop, "") / places.OBJECTS).rglob("*") if path.is_file())
    s3_client.delete_object(Bucket=bucket, Key="k0")
    assert shop.run("restore.objects.look", {"id": name}) == {"put": 1, "bytes": 6}
    spoil(pooled)
    with pytest.raises(BackupError, match="k0"):
        shop.run("restore.objects.look", {"id": name})
    assert "Contents" not in s3_client.list_objects_v2(Bucket=bucket)


def test_a_backup_of_another_environments_bucket_is_refused_by_the_look(shop, object_env, s3_client) -> None:
    name, _ = stocked(shop, object_env, s3_client, 1)
    with pytest.raises(BackupError, match="not a bucket of this environment"):
        verbs.run("restore.objects.look", {"id": name}, shop.env | {"S3_BUCKETS": "another"}, print)


def test_a_backup_without_objects_has_none_to_put_back(shop) -> None:
    with pytest.raises(BackupError, match="holds no objects"):
        shop.run("restore.objects", {"id": backup(shop)})
