"""Retention of the copies: the rules of here, on a real S3 server; what breaks off loses nothing."""

from __future__ import annotations

import json
import os
import shutil
import time

import pytest

from slipway.errors import BackupError
from tests.support.offsite_copies import Copies

KEEP = {f"BACKUP_KEEP_{name}": "0" for name in ("DAILY", "WEEKLY", "MONTHLY", "DAYS")} | {"BACKUP_KEEP_LAST": "1"}


@pytest.fixture
def three(copies: Copies) -> tuple[Copies, list[str]]:
    """Three copies, oldest first: each has an object of its own and all share one; none of them is here any more."""
    copies.env.update(KEEP)
    made = []
    copies.put("shared", b"in all of them")
    for number in range(3):
        copies.put("own", f"of {number}".encode())
        made.append(copies.backup())
        copies.push(made[-1])
    return copies, made


def pool_of(copies: Copies) -> set[str]:
    return {name for name in copies.remote() if name.startswith("objects/")}


def test_what_no_rule_keeps_goes_and_what_others_use_stays(three) -> None:
    copies, (first, second, third) = three
    before = copies.remote()
    would = copies.run("backups.prune", {"dry_run": True})["offsite"]
    assert sorted(would["gone"]) == [first, second] and copies.remote() == before
    done = copies.run("backups.prune")["offsite"]
    assert sorted(done["gone"]) == [first, second] and set(done["kept"]) == {third} and done["objects"] == 2
    assert set(copies.listed()) == {third} and not [
        name for name in copies.remote() if f"/{first}/" in name or f"/{second}/" in name
    ]
    copies.lose_all()
    copies.fetch(third)
    assert copies.problems(third) == [] and copies.content(third)["own"] == b"of 2"


def test_the_last_proven_copy_stays(three) -> None:
    copies, (first, second, third) = three
    drill = {"at": "2026-11-25T18:00:00Z", "ok": True, "seconds": 1.0, "server": "18.6", "checks": []}
    (copies.root / first / "drill.json").write_text(json.dumps(drill))
    copies.push(first)
    copies.lose_all()
    done = copies.run("backups.prune")["offsite"]
    assert done["gone"] == [second] and done["kept"] == {third: "the newest", first: "the last proven"}
    copies.fetch(first)
    assert [each["proven"] for each in copies.run("backups.list")["backups"]] == [False, True]


@pytest.mark.parametrize("damage", ["missing", "cut short"])
def test_no_object_goes_while_a_copy_cannot_say_what_it_uses(three, damage: str) -> None:
    copies, (*_, third) = three
    name = f"backups/{third}/pool.list"
    text = copies.body(name)
    if damage == "missing":
        copies.client.delete_object(Bucket=copies.elsewhere, Key=f"team/copies/shop-live/{name}")
    else:
        copies.overwrite(name, text[: text.index(b"\n") + 1])
    before = pool_of(copies)
    with pytest.raises(BackupError) as caught:
        copies.run("backups.prune")
    assert "pool.list" in caught.value.where and pool_of(copies) == before


def test_no_object_goes_while_a_copy_is_on_its_way(three) -> None:
    copies, (*_, third) = three
    copies.put("own", b"of the fourth")
    fourth = copies.backup()
    copies.push(fourth)
    copies.client.delete_object(Bucket=copies.elsewhere, Key=f"team/copies/shop-live/backups/{fourth}/manifest.json")
    before = pool_of(copies)
    assert copies.run("backups.prune")["offsite"]["objects"] == 0 and pool_of(copies) == before
    assert set(copies.listed()) == {third}
    copies.push(fourth)
    shutil.rmtree(copies.root)
    copies.fetch(fourth)
    assert copies.problems(fourth) == []


def test_what_was_left_on_its_way_is_removed_after_a_week(three) -> None:
    copies, _ = three
    spool = copies.root / ".offsite"
    for name, age in (("old-fetched", 8), ("young-fetched", 6)):
        (spool / name).mkdir()
        (spool / name / "database.dump").write_bytes(b"x")
        os.utime(spool / name, (time.time() - age * 86400,) * 2)
    copies.run("backups.prune")
    assert not (spool / "old-fetched").exists() and (spool / "young-fetched").exists()


def test_sealed_copies_are_pruned_without_the_private_key(copies: Copies, keys: tuple[str, str]) -> None:
    copies.env.update(KEEP, OFFSITE_AGE_RECIPIENT=keys[0])
    for number in range(2):
        copies.put("own", f"of {number}".encode())
        last = copies.backup()
        copies.push(last)
    done = copies.run("backups.prune")["offsite"]
    assert len(done["gone"]) == 1 == done["objects"]
    copies.lose_all()
    copies.fetch(last, keys[1])
    assert copies.problems(last) == [] and copies.content(last)["own"] == b"of 1"


def test_here_and_elsewhere_are_one_list(three) -> None:
    copies, (first, second, third) = three
    shutil.rmtree(copies.root / first)
    fourth = copies.backup()
    found = {each["id"]: each["where"] for each in copies.run("backups.list")["backups"]}
    assert list(found.items()) == [(fourth, "local"), (third, "both"), (second, "both"), (first, "off-site")]
    down = copies.run("backups.list", OFFSITE_S3_SECRET_KEY="wrong-secret")
    assert [each["where"] for each in down["backups"]] == ["local"] * 3 and "HTTP 403" in down["offsite"]["problem"]
    assert [each["where"] for each in copies.run("backups.list", OFFSITE_S3_BUCKET="")["backups"]] == ["local"] * 3
