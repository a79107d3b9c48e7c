"""Release records: begun, closed, found again; which images go; which schema a release can read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from slipway.data.backups import manifest
from slipway.data.endpoints import Endpoints
from slipway.data.migrations import facts
from slipway.data.migrations.files import Applied
from slipway.data.postgres.interface import Server
from slipway.errors import MigrationError, SettingsError
from slipway.ops import releases
from slipway.ops.interface import Begin, Begun, Close, Closed, Newest, Release
from slipway.release import history
from slipway.stack import accepts


@pytest.fixture
def ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Endpoints:
    (tmp_path / "migrations").mkdir()
    at(monkeypatch, 4)
    return Endpoints(state_dir=tmp_path / "state", migrations_dir=tmp_path / "migrations")


def at(monkeypatch: pytest.MonkeyPatch, *versions: int, marked: tuple[int, ...] = ()) -> None:
    """Has the database say that it has had these migrations, of which some were marked as compatible."""
    history = {each: Applied(each, "m", "", compatible=each in marked) for each in versions}
    monkeypatch.setattr(facts, "look", lambda ends: (Server(True, "", "18.1"), history, {}, []))


def begin(ends: Endpoints, config: str = "c1", image: str = "app:1", again: bool = False) -> Begun:
    record = {"config": config, "image": image, "revision": "abc", "colour": "blue"}
    return releases.begin(ends, Begin(record, again), print)


def close(ends: Endpoints, identity: str, result: str = "good", keep: int = 5) -> Closed:
    return releases.close(ends, Close(identity, {"result": result}, keep), print)


def test_ids_count_up_and_carry_the_revision(ends):
    first = begin(ends)
    close(ends, first.record["id"])
    second = begin(ends, "c2")
    assert (first.record["id"], second.record["id"]) == ("r0001-abc", "r0002-abc")
    assert first.record["schema_before"] == 4 and first.record["result"] == "running"


def test_the_same_release_again_needs_no_new_record_unless_it_is_asked_for(ends):
    close(ends, begin(ends).record["id"])
    assert not begin(ends).new and begin(ends, again=True).new


def test_the_same_release_gets_a_record_of_its_own_where_migrations_are_pending(ends, monkeypatch):
    close(ends, begin(ends).record["id"])
    (ends.migrations_dir / "005_more.up.sql").write_text("CREATE TABLE more ();")
    record = begin(ends).record
    at(monkeypatch, 4, 5)
    ended = close(ends, record["id"]).record
    assert (ended["id"], ended["schema_before"], ended["schema_after"]) == ("r0002-abc", 4, 5)
    assert not begin(ends).new


def test_a_database_that_cannot_be_asked_makes_no_record_of_its_own_and_no_schema_unknown(ends, monkeypatch):
    identity = begin(ends).record["id"]
    (ends.migrations_dir / "005_more.up.sql").write_text("CREATE TABLE more ();")
    monkeypatch.setattr(facts, "look", lambda ends: ({"reachable": False}, None, {}, []))
    assert close(ends, identity).record["schema_after"] == 4
    assert not begin(ends).new


@pytest.mark.parametrize("result", ["good", "failed", "rolled_back", "interrupted"])
def test_whatever_came_of_a_release_its_record_says_which_schema_it_left(ends, monkeypatch, result):
    identity = begin(ends).record["id"]
    at(monkeypatch, 4, 5)
    assert close(ends, identity, result).record["schema_after"] == 5


def test_a_record_that_is_left_open_says_which_schema_was_found(ends, monkeypatch):
    begin(ends)
    at(monkeypatch, 4, 5)
    begin(ends, "c2")
    assert [record["schema_after"] for record in releases.every(ends)] == [5, 5]


def test_after_a_failure_the_same_release_gets_a_record_of_its_own(ends):
    close(ends, begin(ends).record["id"], "failed")
    assert begin(ends).record["id"] == "r0002-abc"


def test_a_record_that_a_dead_deploy_left_open_is_closed_by_the_next(ends):
    begin(ends)
    begin(ends, "c2")
    assert [record["result"] for record in releases.every(ends)] == ["interrupted", "running"]


def test_the_summary_names_the_newest_and_the_last_good_one(ends):
    assert releases.summary(ends) == Newest(None, None)
    close(ends, begin(ends).record["id"])
    begin(ends, "c2")
    found = releases.summary(ends)
    assert found.newest["id"] == "r0002-abc" and found.good["id"] == "r0001-abc"


def test_images_of_old_releases_go_and_those_of_the_last_good_ones_stay(ends):
    for number in range(1, 5):
        record = begin(ends, f"c{number}", f"app:{number}").record
        gone = close(ends, record["id"], "failed" if number == 3 else "good", keep=2).images
    assert gone == ("app:1", "app:3")


def test_an_image_whose_tag_went_on_to_another_goes_by_its_own_name(ends):
    """The tag stays, because a release that is kept has it; the image of then has an id, and a digest where it was pulled."""
    for number in range(1, 4):
        facts = {
            "config": f"c{number}",
            "image": "shop:live",
            "image_id": f"sha256:{number}",
            "digest": f"shop@sha256:d{number}",
        }
        record = releases.begin(ends, Begin(facts | {"revision": "abc", "colour": "blue"}), print).record
        gone = close(ends, record["id"], keep=2).images
    assert gone == ("sha256:1", "shop@sha256:d1")


@pytest.mark.parametrize(
    ("there", "named"),
    [
        ({}, None),
        ({"20261125T100000Z": 4, "20261125T110000Z": 4, "20261125T120000Z": 5}, "20261125T110000Z"),
        ({"20261125T120000Z": 5}, None),
    ],
)
def test_a_refused_rollback_names_the_newest_backup_with_the_schema_of_then(ends, monkeypatch, tmp_path, there, named):
    older = close(ends, begin(ends).record["id"]).record["id"]
    (ends.migrations_dir / "005_more.up.sql").write_text("CREATE TABLE more ();")
    at(monkeypatch, 4, 5)
    backed_up(tmp_path / "backups", there)
    found = releases.gap(replace(ends, backup_dir=tmp_path / "backups"), Release(older), print)
    assert found.backup == named and found.reason


def backed_up(folder: Path, there: dict[str, int]) -> None:
    """Backups of a database with these schemas."""
    for identity, schema in there.items():
        (folder / identity).mkdir(parents=True)
        content = {"id": identity, "parts": ["database"], "schema_version": schema, "files": {}}
        manifest.write(folder / identity, content)


@pytest.mark.parametrize(
    ("there", "named"),
    [
        ({"20261125T100000Z": 4, "20261125T110000Z": 4}, "20261125T100000Z"),
        ({"20261125T110000Z": 4}, "20261125T110000Z"),
        ({"20261125T120000Z": 5}, None),
    ],
)
def test_a_refused_rollback_names_no_backup_that_was_pruned(ends, monkeypatch, tmp_path, there, named):
    older = close(ends, begin(ends).record["id"]).record["id"]
    (ends.migrations_dir / "005_more.up.sql").write_text("CREATE TABLE more ();")
    newer = begin(ends, "c2").record["id"]
    at(monkeypatch, 4, 5)
    releases.close(ends, Close(newer, {"result": "good", "backup": "20261125T100000Z"}), print)
    backed_up(tmp_path / "backups", there)
    assert releases.gap(replace(ends, backup_dir=tmp_path / "backups"), Release(older), print).backup == named


def test_closing_what_is_not_on_record_is_refused(ends):
    with pytest.raises(SettingsError, match="r0009"):
        close(ends, "r0009-abc")


MARKED, PLAIN = "-- slipway: compatible\nCREATE TABLE a ();", "CREATE TABLE a ();"


@pytest.mark.parametrize(
    ("applied", "files", "reason", "named"),
    [
        ([4], {}, "", []),
        ([4, 5], {"005_a.up.sql": MARKED}, "", []),
        ([4, 5], {"005_a.up.sql": "\n-- a column\n-- slipway: no-transaction, compatible\nSELECT 1;"}, "", []),
        ([4, 5], {"005_a.up.sql": PLAIN}, "the schema has moved from 4 to 5", ["migrations/005_a.up.sql"]),
        (
            [4, 5],
            {"005_a.up.sql": f"SELECT 1;\n{MARKED}"},
            "the schema has moved from 4 to 5",
            ["migrations/005_a.up.sql"],
        ),
        (
            [4, 5, 6],
            {"005_a.up.sql": MARKED, "006_b.up.sql": PLAIN},
            "the schema has moved from 4 to 6",
            ["migrations/006_b.up.sql"],
        ),
        ([4, 7], {}, "the schema has moved from 4 to 7", ["7_m, which has no file here"]),
        # One of them has its file, and is compatible: that says nothing of the other.
        ([4, 5, 6], {"005_a.up.sql": MARKED}, "the schema has moved from 4 to 6", ["6_m, which has no file here"]),
        # It has a file and was never applied: it is not what stands between.
        ([4, 6], {"005_a.up.sql": PLAIN, "006_b.up.sql": MARKED}, "", []),
        ([3], {}, "it needs schema 4, the database is at 3", []),
        ([], {}, "it needs schema 4, the database is at nothing", []),
    ],
)
def test_a_release_reads_its_own_schema_and_later_ones_that_are_known_and_compatible(
    ends, monkeypatch, applied, files, reason, named
):
    identity = close(ends, begin(ends).record["id"]).record["id"]
    for name, text in files.items():
        (ends.migrations_dir / name).write_text(text)
    at(monkeypatch, *applied)
    found = releases.gap(ends, Release(identity), print)
    assert (found.reason, list(found.migrations)) == (reason, named)


@pytest.mark.parametrize(("files", "reason"), [({}, ""), ({"005_a.up.sql": PLAIN}, "the schema has moved from 4 to 5")])
def test_of_a_migration_without_a_file_the_database_knows_whether_it_was_marked(ends, monkeypatch, files, reason):
    identity = close(ends, begin(ends).record["id"]).record["id"]
    for name, text in files.items():
        (ends.migrations_dir / name).write_text(text)
    at(monkeypatch, 4, 5, marked=(5,))
    assert releases.gap(ends, Release(identity), print).reason == reason


@pytest.mark.parametrize(
    ("text", "reads"),
    [("5", [5]), ("5-7", [5, 6, 7]), ("5-", [5, 6, 7, 8, 9]), (" 0-4 ", [1, 2, 3, 4])],
)
def test_a_label_declares_which_schema_versions_a_release_reads(text, reads):
    assert [version for version in range(1, 10) if accepts.parse(text).reads(version)] == reads
    assert not accepts.parse(text).reads(None)


@pytest.mark.parametrize("text", ["five", "7-5", "-5", "5.1", "5-7-9", "v5"])
def test_a_label_that_declares_no_range_is_refused_with_the_line_to_write(text):
    with pytest.raises(SettingsError) as refused:
        accepts.parse(text, "app:1")
    assert refused.value.where == "label slipway.schema of app:1" and refused.value.found == text
    assert "LABEL slipway.schema=" in refused.value.next


def declared(ends: Endpoints, text: str, **more: str) -> dict:
    given = {"config": "c9", "image": "app:9", "revision": "abc", "colour": "blue", "accepts": text} | more
    return releases.begin(ends, Begin(given, again=True), print).record


@pytest.mark.parametrize(
    ("text", "after", "refused"), [("4-5", 5, False), ("4-", 5, False), ("4", 5, True), ("6-", 5, True)]
)
def test_an_image_that_does_not_read_the_schema_it_comes_with_is_no_release(ends, text, after, refused):
    (ends.migrations_dir / f"{after:03}_more.up.sql").write_text("CREATE TABLE more ();")
    if not refused:
        assert declared(ends, text)["accepts"] == text
        return
    with pytest.raises(MigrationError, match=f"says {text}, and the schema will be at {after}"):
        declared(ends, text)
    assert releases.every(ends) == []


def test_what_is_gone_back_to_is_not_measured_by_migrations_that_a_rollback_does_not_run(ends):
    (ends.migrations_dir / "005_more.up.sql").write_text("CREATE TABLE more ();")
    assert declared(ends, "4", target="r0001-abc")["result"] == "running"


@pytest.mark.parametrize(
    ("text", "applied", "reason", "named"),
    [
        # What it declares counts, and not what its migrations are marked as.
        ("4-6", [4, 5, 6], "", []),
        ("4-", [4, 9], "", []),
        ("4-5", [4, 5, 6], "its image reads schema 4-5, the database is at 6", ["migrations/006_more.up.sql"]),
        ("4", [4, 7], "its image reads schema 4, the database is at 7", ["7_m"]),
        ("4-5", [3], "its image reads schema 4-5, the database is at 3", []),
        ("4-5", [], "its image reads schema 4-5, the database is at nothing", []),
    ],
)
def test_a_release_that_declares_its_schema_is_gone_back_to_within_it(ends, monkeypatch, text, applied, reason, named):
    identity = close(ends, declared(ends, text)["id"]).record["id"]
    (ends.migrations_dir / "006_more.up.sql").write_text("CREATE TABLE more ();")
    at(monkeypatch, *applied)
    found = releases.gap(ends, Release(identity), print)
    assert (found.reason, list(found.migrations)) == (reason, named)


def test_the_tags_of_an_image_go_with_it_unless_a_later_build_took_them_over(ends):
    tags = {1: ["app:aaa"], 2: ["app:bbb-dirty"], 3: ["app:bbb-dirty"]}
    for number, names in tags.items():
        facts = {"config": f"c{number}", "image": f"app:{number}", "image_id": f"sha256:{number}", "tags": names}
        record = releases.begin(ends, Begin(facts | {"revision": "abc", "colour": "blue"}), print).record
        gone = close(ends, record["id"], keep=1).images
        assert (
            list(gone)
            == {1: [], 2: ["app:1", "app:aaa", "sha256:1"], 3: ["app:1", "app:2", "app:aaa", "sha256:1", "sha256:2"]}[
                number
            ]
        )


def test_a_release_is_shown_with_all_that_is_kept_of_it_and_in_a_line_with_what_it_moved(ends, monkeypatch):
    identity = declared(ends, "4-", by="ada", host="vm", kind="deploy", image_id="sha256:a")["id"]
    at(monkeypatch, 4, 5)
    facts = {"result": "good", "seconds": 3.0, "steps": {"migrate": 1.7}, "backup": "20261125T100000Z"}
    record = releases.close(ends, Close(identity, facts), print).record
    shown = dict(history.whole(record))
    assert shown | {"by": ""} == {
        "by": "",
        "schema": "4 → 5",
        "revision": "abc",
        "image": "app:9",
        "image id": "sha256:a",
        "reads schema": "4-",
        "colour": "blue",
        "backup": "20261125T100000Z",
        "migrate": "1.7 s",
    }
    assert "schema 4 → 5  blue" in history.line(record)
