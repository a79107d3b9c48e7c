"""Listing, verifying, checking and pruning the backups of a real database and object store."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from slipway.data import endpoints
from slipway.data.backups import folder, lock, manifest
from slipway.data.mirror.pool import Pool
from slipway.errors import LockHeld, SettingsError, VerificationError
from tests.support.backing_up import dated


@pytest.fixture
def filled(stack, object_env):
    """A stack with rows and objects; its environment has the object store."""
    stack.env.update({key: value for key, value in object_env.items() if key.startswith("S3_")})
    stack.run("buckets")
    with stack.connect("admin") as conn:
        conn.execute("CREATE TABLE t AS SELECT g AS id, md5(g::text) AS x FROM generate_series(1, 5000) g")
    return stack


def put(stack, key: str, body: bytes) -> None:
    from slipway.data.objects import client as objects

    ends = endpoints.read(stack.env)
    objects.client(ends).put_object(Bucket=ends.s3_buckets[0], Key=key, Body=body)


def remove(stack, key: str) -> None:
    from slipway.data.objects import client as objects

    ends = endpoints.read(stack.env)
    objects.client(ends).delete_object(Bucket=ends.s3_buckets[0], Key=key)


def ids(stack) -> list[str]:
    return [each["id"] for each in stack.run("backups.list")["backups"]]


def test_the_list_has_the_newest_first_and_says_what_each_holds(filled) -> None:
    put(filled, "a/б.txt", b"hello")
    first = filled.run("backup", {"label": "one"})["id"]
    second = filled.run("backup", {"only": "db"})["id"]
    newest, oldest = filled.run("backups.list")["backups"]
    assert (newest["id"], oldest["id"]) == (second, first)
    assert oldest["label"] == "one" and oldest["rows"] == 5000 and oldest["bytes"] > 1000 and not oldest["proven"]
    bucket = endpoints.read(filled.env).s3_buckets[0]
    assert oldest["objects"]["buckets"][bucket] == {"count": 1, "bytes": 5} and newest["objects"] is None


def test_verify_reads_files_objects_and_the_dump_to_its_end(filled) -> None:
    put(filled, "a", b"hello")
    made = filled.run("backup")
    found = filled.run("backups.verify", {"read": True})
    assert (found["id"], found["read"], found["files"]) == (made["id"], True, 4)


def test_what_is_broken_is_named(filled) -> None:
    put(filled, "kept/a", b"hello" * 100)
    path = Path(filled.run("backup")["path"])
    pooled = next(each for each in (path.parent / "objects").rglob("*") if each.is_file())
    whole = pooled.read_bytes()
    for content in (whole[:-1], whole[:-1] + b"X"):
        pooled.write_bytes(content)
        with pytest.raises(VerificationError) as caught:
            filled.run("backups.verify", {"id": path.name})
        assert "kept/a" in caught.value.found and "backups.fetch" not in caught.value.next
    pooled.write_bytes(whole)
    dump = (path / manifest.DUMP).read_bytes()
    (path / manifest.DUMP).write_bytes(dump[:-1])
    with pytest.raises(VerificationError) as caught:
        filled.run("backups.verify", {"id": path.name})
    assert manifest.DUMP in caught.value.found and caught.value.code == 8


def test_what_rots_among_the_objects_is_set_aside_when_it_is_found_and_read_anew_by_the_next_backup(filled) -> None:
    put(filled, "kept/a", b"hello" * 100)
    path = Path(filled.run("backup")["path"])
    pooled = next(each for each in (path.parent / "objects").rglob("*") if each.is_file())
    rotten = b"jello" * 100
    pooled.write_bytes(rotten)
    with pytest.raises(VerificationError) as caught:
        filled.run("backups.verify", {"id": path.name, "all": True})
    assert "kept/a" in caught.value.found
    filled.run("backup", {"only": "objects"})
    for each in ids(filled):
        filled.run("backups.verify", {"id": each, "all": True})
    assert [each.read_bytes() for each in (path.parent / "objects").glob(".damaged-*")] == [rotten]


def test_bytes_that_were_just_read_take_the_place_of_a_file_that_has_their_name(tmp_path: Path) -> None:
    pool = Pool(tmp_path)
    first = pool.take_in([b"hello"])
    pool.keep(first)
    pool.path(first.sha256).write_bytes(b"jello")
    pool.keep(pool.take_in([b"hello"]))
    assert pool.path(first.sha256).read_bytes() == b"hello" and not list(pool.leftovers())


def test_a_dump_that_pg_restore_cannot_read_is_no_backup_even_if_its_digest_fits(filled) -> None:
    path = Path(filled.run("backup")["path"])
    dump = (path / manifest.DUMP).read_bytes()
    (path / manifest.DUMP).write_bytes(dump[: len(dump) * 2 // 3])
    content = manifest.read(path)
    del content["format"]
    content["files"][manifest.DUMP] = manifest.facts(path / manifest.DUMP)
    manifest.write(path, content)
    filled.run("backups.verify")
    with pytest.raises(VerificationError) as caught:
        filled.run("backups.verify", {"read": True})
    assert "pg_restore" in caught.value.found


def test_check_wants_a_proven_one_that_is_young_enough(filled) -> None:
    hour = {"max_age": 3600}
    with pytest.raises(VerificationError, match="there is none"):
        filled.run("backups.check", hour)
    old, new = filled.run("backup")["id"], filled.run("backup")["id"]
    with pytest.raises(VerificationError, match="none of 2 is proven"):
        filled.run("backups.check", hour)
    dated(filled, old, timedelta(hours=30), proven=True)
    with pytest.raises(VerificationError, match="1 d 6 h old"):
        filled.run("backups.check", hour)
    assert filled.run("backups.check", {"max_age": 31 * 3600})["id"] == old
    dated(filled, new, timedelta(minutes=20), proven=True)
    assert 1100 < filled.run("backups.check", hour)["age"] < 1300
    for wrong in (None, 0, -1, "1h", True):
        with pytest.raises(SettingsError):
            filled.run("backups.check", {"max_age": wrong})


def test_a_clock_that_was_wrong_neither_satisfies_the_check_nor_takes_a_place(filled) -> None:
    now, future = filled.run("backup")["id"], filled.run("backup")["id"]
    dated(filled, future, timedelta(days=-400), proven=True)
    with pytest.raises(VerificationError, match="clocks is wrong"):
        filled.run("backups.check", {"max_age": 3600})
    done = filled.run("backups.prune", BACKUP_KEEP_LAST="1")
    assert set(done["kept"]) == {now, future} and done["gone"] == []


def test_latest_is_the_newest_of_those_that_were_taken_by_now(filled) -> None:
    ends = endpoints.read(filled.env)
    path = folder.find(ends, filled.run("backup")["id"])
    path.rename(path.with_name("20991231T235959Z"))
    assert folder.find(ends, "latest").name == "20991231T235959Z"
    real = filled.run("backup")["id"]
    assert folder.find(ends, "latest").name == real
    assert filled.run("backups.verify")["id"] == real == filled.run("backups.drill")["id"]


def test_prune_removes_what_no_rule_keeps_and_the_objects_that_only_those_had(filled) -> None:
    put(filled, "old", b"old object")
    put(filled, "both", b"an object of both")
    old = filled.run("backup")["id"]
    remove(filled, "old")
    new = filled.run("backup")["id"]
    dated(filled, old, timedelta(days=3))
    rules = {"BACKUP_KEEP_LAST": "1", "BACKUP_KEEP_DAILY": "0", "BACKUP_KEEP_WEEKLY": "0", "BACKUP_KEEP_MONTHLY": "0"}
    planned = filled.run("backups.prune", {"dry_run": True}, **rules)
    assert planned["gone"] == [old] and planned["bytes"] > 0 and ids(filled) == [new, old]
    done = filled.run("backups.prune", **rules)
    assert (done["gone"], done["objects"], ids(filled)) == ([old], 1, [new])
    filled.run("backups.verify", {"id": new})
    assert filled.run("backups.prune", **rules)["gone"] == []


def test_the_last_proven_one_outlives_every_rule(filled) -> None:
    proven, *_ = names = [filled.run("backup", {"only": "db"})["id"] for _ in range(3)]
    for number, name in enumerate(names):
        dated(filled, name, timedelta(days=300 - number), proven=name == proven)
    done = filled.run("backups.prune", BACKUP_KEEP_LAST="1", BACKUP_MAX_DAYS="30")
    assert done["kept"] == {names[2]: "the newest", proven: "the last proven"} and ids(filled) == [names[2], proven]


def test_one_that_is_being_read_stays_until_it_is_not(filled) -> None:
    old = filled.run("backup", {"only": "db"})
    filled.run("backup", {"only": "db"})
    dated(filled, old["id"], timedelta(days=300))
    rules = {"BACKUP_KEEP_LAST": "1", "BACKUP_MAX_DAYS": "30"}
    with lock.hold_for_reading(Path(old["path"])):
        assert filled.run("backups.prune", **rules)["busy"] == [old["id"]]
    assert filled.run("backups.prune", **rules)["gone"] == [old["id"]]


def test_prune_and_backup_exclude_each_other(filled) -> None:
    with lock.hold_lock(endpoints.read(filled.env), "a manual backup"), pytest.raises(LockHeld):
        filled.run("backups.prune")


def test_a_prune_that_was_killed_after_the_rename_is_finished_by_the_next(filled) -> None:
    made = Path(filled.run("backup", {"only": "db"})["path"])
    left = made.rename(made.parent / f".partial-{made.name}-pruned")
    assert ids(filled) == []
    filled.run("backup", {"only": "db"})
    assert not left.exists() and len(ids(filled)) == 1
