"""Copies of backups in a bucket elsewhere, on a real S3 server: whole, sealed when asked, and back again."""

from __future__ import annotations

import os

import pytest

from slipway.errors import BackupError, SettingsError, VerificationError
from tests.support.offsite_copies import Copies

CONTENT = {
    "plain.txt": b"some text",
    "twin": b"some text",
    "empty": b"",
    "ümläut/日本": os.urandom(70_000),
    "large": os.urandom(17 * 2**20 + 3),
}


@pytest.fixture
def copies(copies: Copies) -> Copies:
    """The same with a few objects."""
    for key, body in CONTENT.items():
        copies.put(key, body)
    return copies


@pytest.fixture(params=["clear", "sealed"])
def either(request, copies: Copies, keys: tuple[str, str]) -> tuple[Copies, str]:
    """Copies in the clear, or sealed; and the private key that they need."""
    if request.param == "clear":
        return copies, ""
    copies.env["OFFSITE_AGE_RECIPIENT"] = keys[0]
    return copies, f"# created by age-keygen\n{keys[1]}\n"


def test_a_copy_comes_back_whole_after_everything_here_is_lost(either) -> None:
    copies, key = either
    identity = copies.backup()
    pushed = copies.push(identity)["pushed"]
    assert [(each["id"], each["objects"]) for each in pushed] == [(identity, len(set(CONTENT.values())))]
    assert copies.listed()[identity]["sealed"] is bool(key)
    copies.lose_all()
    assert copies.fetch(identity, key)["here"] is False
    assert copies.problems(identity) == [] and copies.content(identity) == CONTENT
    assert copies.fetch(identity, key)["here"] is True
    assert copies.push(copies.backup())["pushed"][0]["objects"] == 0


def test_only_bytes_that_are_not_there_yet_are_copied(either) -> None:
    copies, _ = either
    first = copies.backup()
    copies.push(first)
    before = copies.remote()
    copies.put("new", b"new bytes")
    second = copies.backup()
    assert [(each["id"], each["objects"]) for each in copies.push()["pushed"]] == [(second, 1)]
    assert copies.push()["pushed"] == []
    fresh = copies.remote().keys() - before.keys()
    assert sum(name.startswith("objects/") for name in fresh) == 1
    assert all(name.startswith((f"backups/{second}/", "objects/")) for name in fresh)


def test_nothing_readable_leaves_when_it_is_sealed(copies: Copies, keys: tuple[str, str]) -> None:
    copies.env["OFFSITE_AGE_RECIPIENT"] = keys[0]
    identity = copies.backup()
    copies.push(identity)
    here = {path.name for path in (copies.root / "objects").glob("??/*")}
    remote = copies.remote()
    assert [name for name in remote if not name.endswith(".age")] == [f"backups/{identity}/pool.list"]
    listed = copies.body(f"backups/{identity}/pool.list").decode()
    assert not [sha256 for sha256 in here if sha256 in listed or any(sha256 in name for name in remote)]
    assert all(copies.body(name).startswith(b"age-encryption.org/v1") for name in remote if name.endswith(".age"))
    assert keys[1] not in "".join(path.read_text("latin-1") for path in copies.root.rglob("*") if path.is_file())


def test_the_private_key_is_asked_for_and_a_wrong_one_refused(copies: Copies, keys: tuple[str, str]) -> None:
    from pyrage import x25519

    copies.env["OFFSITE_AGE_RECIPIENT"] = keys[0]
    identity = copies.backup()
    copies.push(identity)
    copies.lose_all()
    with pytest.raises(BackupError) as caught:
        copies.fetch(identity)
    assert caught.value.next == f"./invoke backups.fetch {identity} --identity FILE"
    stranger = str(x25519.Identity.generate())
    with pytest.raises(Exception, match="No matching keys") as wrong:
        copies.fetch(identity, stranger)
    assert wrong.value.code == 8 and stranger not in str(wrong.value.fields())
    with pytest.raises(SettingsError) as bad:
        copies.fetch(identity, "AGE-SECRET-KEY-1NONSENSE")
    assert "NONSENSE" not in str(bad.value.fields())
    assert not (copies.root / identity).exists()


def test_a_recipient_with_a_slip_in_it_is_refused_before_anything_is_sent(
    copies: Copies, keys: tuple[str, str]
) -> None:
    slip = keys[0][:-1] + ("q" if keys[0][-1] != "q" else "p")
    identity = copies.backup()
    with pytest.raises(SettingsError) as caught:
        copies.push(identity, OFFSITE_AGE_RECIPIENT=slip)
    assert caught.value.where == "OFFSITE_AGE_RECIPIENT" and copies.remote() == {}


def test_for_other_recipients_everything_is_sealed_anew(copies: Copies, keys: tuple[str, str]) -> None:
    from pyrage import x25519

    copies.push(copies.backup(), OFFSITE_AGE_RECIPIENT=keys[0])
    other = x25519.Identity.generate()
    second = copies.backup()
    both = f"{keys[0]},{other.to_public()}"
    assert copies.push(second, OFFSITE_AGE_RECIPIENT=both)["pushed"][0]["objects"] == len(set(CONTENT.values()))
    for key in (keys[1], str(other)):
        copies.lose_all()
        copies.fetch(second, key)
        assert copies.content(second) == CONTENT


def test_a_copy_in_the_clear_becomes_a_sealed_one(copies: Copies, keys: tuple[str, str]) -> None:
    identity = copies.backup()
    copies.push(identity)
    copies.push(identity, OFFSITE_AGE_RECIPIENT=keys[0])
    assert copies.listed()[identity]["sealed"]
    assert all(name.endswith((".age", "pool.list")) for name in copies.remote() if name.startswith("backups/"))


def test_the_copies_of_another_stack_are_read_by_its_name(copies: Copies) -> None:
    identity = copies.backup()
    copies.push(identity)
    copies.lose_all()
    with pytest.raises(BackupError, match="none of this name"):
        copies.fetch(identity, STACK="shop-staging")
    copies.run("backups.fetch", {"id": "latest", "stack": "shop-live"}, STACK="shop-staging")
    assert copies.problems(identity) == []


def test_a_damaged_backup_is_not_copied(copies: Copies) -> None:
    identity = copies.backup()
    (copies.root / identity / "env-keys.txt").write_text("OTHER\n")
    with pytest.raises(BackupError) as caught:
        copies.push(identity)
    assert "env-keys.txt" in caught.value.found and copies.listed() == {}


def test_a_damaged_backup_here_is_mended_from_its_copy(copies: Copies) -> None:
    identity = copies.backup()
    copies.push(identity)
    (copies.root / identity / "objects.jsonl").write_bytes(b"")
    for path in (copies.root / "objects").glob("??/*"):
        path.unlink()
    with pytest.raises(VerificationError) as caught:
        copies.run("backups.verify", {"id": identity})
    assert caught.value.next.endswith(f"or its copy: ./invoke backups.fetch {identity}")
    copies.fetch(identity)
    assert copies.problems(identity) == [] and copies.content(identity) == CONTENT
    assert not list(copies.root.glob(".partial-*"))


def test_an_object_that_rots_here_is_mended_from_the_copy(copies: Copies) -> None:
    identity = copies.backup()
    copies.push(identity)
    rotten = max((copies.root / "objects").glob("??/*"), key=lambda path: path.stat().st_size)
    rotten.write_bytes(bytes(rotten.stat().st_size))
    assert copies.fetch(identity)["objects"] == 1
    assert copies.problems(identity) == [] and copies.fetch(identity)["here"]


def test_without_a_bucket_there_are_no_copies(copies: Copies) -> None:
    copies.backup()
    with pytest.raises(SettingsError) as caught:
        copies.push(OFFSITE_S3_BUCKET="")
    assert caught.value.where == "OFFSITE_S3_BUCKET" and copies.listed(OFFSITE_S3_BUCKET="") == {}
