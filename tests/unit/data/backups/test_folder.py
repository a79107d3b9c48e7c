"""The directory of the backups: names, what counts as one, what is said of damage, and who may change it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.data.backups import folder, lock, manifest, policy, verify
from slipway.data.endpoints import Endpoints, read
from slipway.errors import BackupError, LockHeld, SettingsError

AT = datetime(2026, 11, 25, 17, 40, 35, tzinfo=UTC)


def ends(place: Path) -> Endpoints:
    return Endpoints(backup_dir=place)


def backup(place: Path, name: str, parts: Sequence[str] = ("database", "objects"), **files: bytes) -> Path:
    """A complete backup with these files."""
    made = place / name
    made.mkdir(parents=True)
    for each, content in files.items():
        (made / each).write_bytes(content)
    manifest.write(
        made, {"id": name, "parts": list(parts), "files": {each: manifest.facts(made / each) for each in files}}
    )
    return made


def test_an_id_is_the_second_and_a_number_where_that_is_taken(tmp_path: Path) -> None:
    for expected in ("20261125T174035Z", "20261125T174035Z-2", "20261125T174035Z-3"):
        name = folder.new_id(ends(tmp_path), AT)
        assert name == expected and folder.ID.fullmatch(name)
        (tmp_path / name).mkdir()


def test_newest_first_by_second_and_number_and_nothing_that_is_no_backup(tmp_path: Path) -> None:
    names = ["20261125T174035Z", "20261125T174035Z-2", "20261125T174035Z-10", "20261126T000000Z"]
    for name in names:
        backup(tmp_path, name)
    for other in (".partial-20261127T000000Z-7", "objects", "20261127T000000Z-1", "20261127T000000Z.tmp"):
        (tmp_path / other).mkdir()
    assert [each["id"] for each in folder.list_backups(ends(tmp_path))] == names[::-1]


def test_no_directory_is_no_backup(tmp_path: Path) -> None:
    assert folder.list_backups(ends(tmp_path / "none")) == [] and not lock.alive(ends(tmp_path / "none"))


def test_a_backup_without_a_manifest_to_trust_is_not_listed_and_said(tmp_path: Path) -> None:
    for name, spoil in (
        ("20261125T000001Z", lambda path: path.unlink()),
        ("20261125T000002Z", lambda path: path.write_bytes(path.read_bytes() + b" ")),
        ("20261125T000003Z", lambda path: path.write_bytes(b"")),
    ):
        spoil(backup(tmp_path, name) / manifest.NAME)
    (backup(tmp_path, "20261125T000004Z") / manifest.DIGEST).unlink()
    assert folder.list_backups(ends(tmp_path)) == []
    assert all("manifest" in sentence for sentence in folder.list_damaged(ends(tmp_path)))
    assert len(folder.list_damaged(ends(tmp_path))) == 4


def test_the_latest_is_the_newest_that_holds_a_database(tmp_path: Path) -> None:
    backup(tmp_path, "20261125T174035Z", parts=["objects"])
    assert folder.find(ends(tmp_path), "latest").name == "20261125T174035Z"
    backup(tmp_path, "20261125T174036Z")
    backup(tmp_path, "20261125T174037Z", parts=["redis"])
    assert folder.find(ends(tmp_path), "latest").name == "20261125T174036Z"


def test_an_unknown_id_is_refused_with_the_nearest(tmp_path: Path) -> None:
    made = backup(tmp_path, "20261125T174035Z")
    assert folder.find(ends(tmp_path), "20261125T174035Z") == folder.find(ends(tmp_path), "latest") == made
    with pytest.raises(BackupError) as caught:
        folder.find(ends(tmp_path), "20261125T174053Z")
    assert caught.value.expected == "20261125T174035Z" and caught.value.next == "./invoke backups.list"
    with pytest.raises(BackupError):
        folder.find(ends(tmp_path), "../etc")


@pytest.mark.parametrize(
    ("evidence", "proven"),
    [({"ok": True}, True), ({"ok": False}, False), ({"ok": "yes"}, False), ([], False), (None, False)],
)
def test_only_a_drill_that_says_ok_proves(tmp_path: Path, evidence: object, proven: bool) -> None:
    made = backup(tmp_path, "20261125T174035Z")
    (made / manifest.EVIDENCE).write_text(json.dumps(evidence))
    assert folder.read(made)["proven"] is proven


@given(st.binary(max_size=200), st.data())
def test_every_change_of_a_file_is_found_and_named(tmp_path_factory, content: bytes, data) -> None:
    made = backup(tmp_path_factory.mktemp("b"), "20261125T174035Z", **{"database.dump": content, "globals.sql": b"x"})
    assert verify.problems(made) == []
    name = data.draw(st.sampled_from(sorted(path.name for path in made.iterdir())))
    whole = (made / name).read_bytes()
    at = data.draw(st.integers(0, max(len(whole) - 1, 0)))
    changes = [lambda: (made / name).unlink(), lambda: (made / name).write_bytes(whole + b"\0")]
    if whole:
        bit = bytes([whole[at] ^ 1 << data.draw(st.integers(0, 7))])
        changes += [
            lambda: (made / name).write_bytes(whole[:at]),
            lambda: (made / name).write_bytes(whole[:at] + bit + whole[at + 1 :]),
        ]
    data.draw(st.sampled_from(changes))()
    found = verify.problems(made)
    assert len(found) == 1 and name.removesuffix(".sha256").removesuffix(".json") in found[0]


def test_a_stranger_in_the_directory_is_named_and_evidence_is_none(tmp_path: Path) -> None:
    made = backup(tmp_path, "20261125T174035Z")
    (made / manifest.EVIDENCE).write_text("{}")
    (made / "notes.txt").write_text("x")
    assert verify.problems(made) == ["notes.txt does not belong to this backup"]


def test_one_writer_at_a_time_and_what_a_dead_one_left_is_removed(tmp_path: Path) -> None:
    left = tmp_path / ".partial-20261125T174035Z-7"
    left.mkdir()
    with lock.hold_lock(ends(tmp_path), "backup"):
        assert not left.exists() and lock.alive(ends(tmp_path))
        with pytest.raises(LockHeld) as caught, lock.hold_lock(ends(tmp_path), "prune"):
            pass
        assert "backup, process" in caught.value.found
    assert not lock.alive(ends(tmp_path))


def test_a_directory_that_cannot_be_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BackupError) as caught, lock.hold_lock(ends(tmp_path / "file" / "backups"), "backup"):
        pass
    assert str(tmp_path) in caught.value.where
    with pytest.raises(SettingsError):
        folder.root(Endpoints())


def test_rules_are_read_and_a_count_that_is_none_is_refused() -> None:
    found = read(
        {
            "BACKUP_DIR": "/srv/b",
            "STACK": "shop-live",
            "BACKUP_KEEP_LAST": "3",
            "BACKUP_MAX_DAYS": "90",
            "BACKUP_REDIS": "yes",
        }
    )
    assert found.backup_dir == Path("/srv/b") and found.backup.whole == {"redis"} and found.backup.stack == "shop-live"
    assert found.backup.keep == policy.Keep(last=3, max_days=90)
    assert read({}).backup == policy.Policy() and read({}).backup_dir is None
    with pytest.raises(SettingsError) as caught:
        read({"BACKUP_KEEP_DAILY": "many"})
    assert caught.value.where == "BACKUP_KEEP_DAILY"
