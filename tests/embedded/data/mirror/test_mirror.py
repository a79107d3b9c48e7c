"""The object mirror against a real S3 server: what it keeps, what it reads again, what it puts back."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from slipway.data import mirror
from slipway.errors import BackupError, VerificationError
from tests.support.mirroring import Mirror, pool_problems

CONTENT = {
    "plain.txt": b"some text",
    "empty": b"",
    "deep/er/est.bin": os.urandom(300_000),
    "with blank & ümläut/日本.txt": b"u",
    "copy-of-plain": b"some text",
    "large.bin": os.urandom(17 * 2**20 + 5),
}


@pytest.fixture
def mirrored(object_env: dict[str, str], s3_client, tmp_path: Path) -> Mirror:
    """A store with two buckets and a few objects, and no backup yet."""
    made = Mirror(object_env, tmp_path / "backups", s3_client)
    made.make_buckets()
    for key, body in CONTENT.items():
        made.put(key, body)
    return made


def test_a_backup_holds_every_object_once_by_its_content(mirrored: Mirror) -> None:
    found = mirrored.take("first")
    entries = mirrored.entries("first")
    assert {entry.key: mirrored.bytes_of(entry) for entry in entries.values()} == CONTENT
    assert all(entry.sha256 == hashlib.sha256(CONTENT[entry.key]).hexdigest() for entry in entries.values())
    assert len(list(mirrored.pool.glob("??/*"))) == len(set(CONTENT.values()))
    size, other = sum(map(len, CONTENT.values())), mirrored.env["S3_BUCKETS"].split(",")[1]
    assert found == {
        "buckets": {mirrored.bucket: {"count": len(CONTENT), "bytes": size}, other: {"count": 0, "bytes": 0}},
        "bytes_kept": True,
        "read": len(CONTENT),
        "gone": 0,
    }


def test_only_what_is_new_changed_or_lost_is_read_again(mirrored: Mirror) -> None:
    mirrored.take("first")
    assert mirrored.take("second")["read"] == 0
    mirrored.put("plain.txt", b"other text")
    mirrored.put("new", b"new")
    mirrored.delete("empty")
    lost = mirrored.entries("second")[f"{mirrored.bucket}/deep/er/est.bin"]
    (mirrored.pool / lost.sha256[:2] / lost.sha256).unlink()
    assert mirrored.take("third")["read"] == 3
    assert {entry.key: mirrored.bytes_of(entry) for entry in mirrored.entries("third").values()} == {
        key: body for key, body in CONTENT.items() if key != "empty"
    } | {"plain.txt": b"other text", "new": b"new"}
    assert mirror.find_missing(mirrored.root / "first", mirrored.pool) == []


def test_a_damaged_list_of_the_last_backup_does_not_spoil_the_next(mirrored: Mirror) -> None:
    mirrored.take("first")
    mirrored.take("second")
    path = mirrored.root / "second" / "objects.jsonl"
    path.write_bytes(path.read_bytes()[:-40])
    assert mirrored.take("third")["read"] == 0
    assert mirrored.entries("third") == mirrored.entries("first")


def test_without_bytes_only_the_list_is_kept(mirrored: Mirror) -> None:
    assert mirrored.take("listed", bytes=False)["bytes_kept"] is False
    entries = mirrored.entries("listed")
    assert {entry.key for entry in entries.values()} == set(CONTENT) and not mirrored.pool.exists()
    assert all(entry.sha256 is None for entry in entries.values())
    assert mirrored.take("kept")["read"] == len(CONTENT)


def test_a_lost_bucket_comes_back_with_metadata_and_content_type(mirrored: Mirror) -> None:
    mirrored.put("photo", b"pixels", ContentType="image/x-test", Metadata={"owner": "a b"})
    mirrored.take("first")
    mirrored.delete(*mirrored.keys())
    mirrored.client.delete_bucket(Bucket=mirrored.bucket)
    found = mirrored.restore("first")
    assert found["put"] == len(CONTENT) + 1 and found["made"] == [mirrored.bucket]
    assert {key: mirrored.get(key) for key in mirrored.keys()} == CONTENT | {"photo": b"pixels"}
    head = mirrored.client.head_object(Bucket=mirrored.bucket, Key="photo")
    metadata = {name.lower(): value for name, value in head["Metadata"].items()}
    assert (head["ContentType"], metadata) == ("image/x-test", {"owner": "a b"})


def test_only_what_differs_is_put_back_and_extras_stay_unless_told(mirrored: Mirror) -> None:
    mirrored.take("first")
    mirrored.put("plain.txt", b"SOME TEXT")
    mirrored.put("extra", b"extra")
    mirrored.delete("empty")
    found = mirrored.restore("first")
    assert (found["put"], found["same"], found["extra"], found["deleted"]) == (2, len(CONTENT) - 2, 1, 0)
    assert found["extras"] == [f"{mirrored.bucket}/extra"] and mirrored.get("extra") == b"extra"
    again = mirrored.restore("first", delete_extra=True)
    assert (again["put"], again["deleted"]) == (0, 1)
    assert {key: mirrored.get(key) for key in mirrored.keys()} == CONTENT


def test_nothing_is_put_back_unless_all_can_be(mirrored: Mirror) -> None:
    mirrored.take("first")
    lost = mirrored.entries("first")[f"{mirrored.bucket}/deep/er/est.bin"]
    (mirrored.pool / lost.sha256[:2] / lost.sha256).unlink()
    mirrored.delete("deep/er/est.bin", "plain.txt")
    with pytest.raises(BackupError) as caught:
        mirrored.restore("first")
    assert "deep/er/est.bin" in caught.value.found and "plain.txt" not in mirrored.keys()


def test_rotten_bytes_are_never_put_back(mirrored: Mirror) -> None:
    mirrored.take("first")
    path = spoil(mirrored, "plain.txt")
    mirrored.delete("plain.txt")
    with pytest.raises(VerificationError) as caught:
        mirrored.restore("first")
    assert str(path) in caught.value.where and "plain.txt" not in mirrored.keys()


def test_buckets_of_another_environment_need_a_name_here(mirrored: Mirror) -> None:
    mirrored.take("first")
    foreign, own = mirrored.env["S3_BUCKETS"].split(",")
    mirrored.env["S3_BUCKETS"] = own
    with pytest.raises(BackupError) as caught:
        mirrored.restore("first")
    assert caught.value.where == f"bucket {foreign}" and mirrored.keys(own) == set()
    mirrored.restore("first", rename={foreign: own})
    assert mirrored.keys(own) == set(CONTENT)


def spoil(mirrored: Mirror, key: str) -> Path:
    """Changes a byte of the pool's copy of an object."""
    entry = mirrored.entries("first")[f"{mirrored.bucket}/{key}"]
    path = mirrored.pool / entry.sha256[:2] / entry.sha256
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 1
    path.write_bytes(body)
    return path


def test_every_kind_of_damage_to_the_pool_is_named(mirrored: Mirror) -> None:
    mirrored.take("first")
    folder = mirrored.root / "first"
    assert mirror.find_missing(folder, mirrored.pool) == [] == mirror.sample(folder, mirrored.pool, None)
    spoil(mirrored, "deep/er/est.bin")
    assert mirror.find_missing(folder, mirrored.pool) == []
    assert [text.split(":")[0] for text in mirror.sample(folder, mirrored.pool, len(CONTENT))] == [
        f"{mirrored.bucket}/deep/er/est.bin"
    ]
    path = spoil(mirrored, "plain.txt")
    path.unlink()
    os.truncate(spoil(mirrored, "large.bin"), 100)
    gone = {text.split(": ")[0].split("/", 1)[1] for text in mirror.find_missing(folder, mirrored.pool)}
    assert gone == {"plain.txt", "copy-of-plain", "large.bin"}


def test_the_sweep_removes_what_no_backup_names_and_nothing_else(mirrored: Mirror) -> None:
    mirrored.take("first")
    mirrored.put("plain.txt", b"the second text")
    mirrored.put("copy-of-plain", b"the second text")
    mirrored.take("second")
    (mirrored.pool / ".incoming-left").write_bytes(b"of a killed backup")
    assert mirror.sweep(mirrored.root) == 1
    for path in (mirrored.root / "first").iterdir():
        path.unlink()
    (mirrored.root / ".partial-x-1").mkdir()
    assert mirror.sweep(mirrored.root) == 0
    (mirrored.root / ".partial-x-1").rmdir()
    assert mirror.sweep(mirrored.root) == 1
    assert mirror.find_missing(mirrored.root / "second", mirrored.pool) == [] and pool_problems(mirrored.pool) == []


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / "objects.jsonl").unlink(),
        lambda folder: (folder / "objects.jsonl").write_bytes(b"{\n"),
        lambda folder: (folder / "manifest.json").write_bytes(b""),
    ],
)
def test_the_sweep_removes_nothing_when_a_backup_cannot_be_read(mirrored: Mirror, damage) -> None:
    mirrored.take("first")
    before = set(mirrored.pool.glob("??/*"))
    damage(mirrored.root / "first")
    with pytest.raises(BackupError):
        mirror.sweep(mirrored.root)
    assert set(mirrored.pool.glob("??/*")) == before
