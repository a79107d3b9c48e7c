"""Rolling back, going somewhere, doing again, trying out: history, golang-migrate's row and catalog."""

from __future__ import annotations

import pytest

from slipway.errors import MigrationError, SettingsError
from tests.support.migrating import failed, mirror, pairs, refused, table_exists, tables, versions


def test_one_rollback_is_one_step_and_the_row_is_that_of_golang_migrate(stack) -> None:
    pairs(stack, 1, 5, 7)
    stack.run("migrate")
    assert stack.run("rollback")["rolled_back"][0]["file"] == "migrations/7_t.down.sql"
    assert (versions(stack), mirror(stack), tables(stack)) == ([1, 5], [(5, False)], ["t1", "t5"])
    assert stack.run("rollback", {"steps": 2})["version"] is None
    assert (versions(stack), mirror(stack), tables(stack)) == ([], [], [])


def test_more_steps_than_versions_are_refused_before_anything_is_run(stack) -> None:
    pairs(stack, 1)
    stack.run("migrate")
    assert "2 steps, and 1 versions" in refused(stack, "rollback", {"steps": 2}).found and versions(stack) == [1]
    with pytest.raises(SettingsError):
        stack.run("rollback", {"steps": 0})


def test_a_missing_down_file_is_named_before_anything_is_run(stack) -> None:
    pairs(stack, 1, 3)
    stack.migration("2_only.sql", "create table t2 (id int);")
    stack.run("migrate")
    assert "2_only.down.sql" in refused(stack, "rollback", {"steps": 2}).found and versions(stack) == [1, 2, 3]


def test_a_down_that_fails_leaves_its_version_applied(stack) -> None:
    pairs(stack, 1, 2)
    stack.run("migrate")
    stack.migration("2_t.down.sql", "drop table t2;\ndrop table nowhere;")
    assert refused(stack, "rollback").where == "migrations/2_t.down.sql:2:1"
    assert (versions(stack), mirror(stack), tables(stack)) == ([1, 2], [(2, False)], ["t1", "t2"])


def test_goto_goes_up_and_down_to_a_number_that_has_a_file(stack) -> None:
    pairs(stack, 1, 2, 3, 4)
    assert [each["version"] for each in stack.run("goto", {"version": 3})["applied"]] == [1, 2, 3]
    found = stack.run("goto", {"version": 1})
    assert ([each["version"] for each in found["rolled_back"]], found["version"]) == ([3, 2], 1)
    assert (versions(stack), mirror(stack), tables(stack)) == ([1], [(1, False)], ["t1"])
    assert stack.run("goto", {"version": 1})["applied"] == []
    assert "no file with this number" in refused(stack, "goto", {"version": 9}).found


def test_migrate_to_a_number_stops_there_and_never_goes_back(stack) -> None:
    pairs(stack, 1, 2, 3)
    assert stack.run("migrate", {"to": 2})["version"] == 2
    assert "already" in refused(stack, "migrate", {"to": 1}).found and versions(stack) == [1, 2]


@pytest.mark.parametrize(("to", "says"), [(1, "the database is at 2 already"), (9, "no file with this number")])
@pytest.mark.parametrize("verb", ["migrate", "migrate.try"])
def test_a_dry_run_refuses_the_number_that_the_real_run_refuses(stack, to: int, says: str, verb: str) -> None:
    pairs(stack, 1, 2, 3)
    stack.run("migrate", {"to": 2})
    assert says in refused(stack, verb, {"to": to}).found


def test_a_down_file_edited_after_it_was_applied_is_said_and_run_as_it_is_now(stack) -> None:
    """A way back that was wrong may be mended: it stops nothing, but nobody runs it without hearing of it."""
    pairs(stack, 1, 2, 3)
    stack.run("migrate")
    stack.migration("2_t.down.sql", "drop table t2; create table undone2 (id int);")
    stack.migration("3_t.down.sql", "drop table t3; create table if not exists undone3 (id int);")
    found = stack.run("status")
    assert ["its down file was edited" in row["note"] for row in found["rows"]] == [False, True, True]
    assert ([row["state"] for row in found["rows"]], found["problems"]) == (["applied"] * 3, [])
    redone = stack.run("redo")
    assert "edited after it was applied" in redone["rolled_back"][0]["note"] and "note" not in redone["applied"][0]
    two, one = stack.run("goto", {"version": 1})["rolled_back"], stack.run("rollback")["rolled_back"]
    assert ["edited" in each.get("note", "") for each in two + one] == [False, True, False]
    assert tables(stack) == ["undone2", "undone3"]


def test_a_down_file_that_was_not_there_before_is_no_edit(stack) -> None:
    stack.migration("1_t.up.sql", "create table t1 (id int);")
    stack.run("migrate")
    stack.migration("1_t.down.sql", "drop table t1;")
    assert stack.run("status")["rows"][0]["note"] == "" and "note" not in stack.run("rollback")["rolled_back"][0]


def test_redo_runs_the_files_as_they_are_now(stack) -> None:
    pairs(stack, 1, 2)
    stack.run("migrate")
    stack.migration("002_t.up.sql", "create table t2 (id int, more text);")
    assert "was edited" in failed(stack).found
    found = stack.run("redo")
    assert ([each["version"] for each in found["rolled_back"] + found["applied"]], found["version"]) == ([2, 2], 2)
    assert stack.value("select count(*) from information_schema.columns where table_name = 't2'") == 2
    assert stack.run("status")["problems"] == []


def test_a_dry_run_really_runs_and_keeps_nothing(stack) -> None:
    pairs(stack, 1, 2)
    stack.migration("3_use.sql", "insert into t1 values (1);")
    found = stack.run("migrate.try")
    assert [(each["version"], each["tried"]) for each in found["would"]] == [(1, True), (2, True), (3, True)]
    assert not table_exists(stack, "t1") and not table_exists(stack, "slipway.history")
    stack.migration("4_bad.sql", "select 1;\nselect nonsense;")
    with pytest.raises(MigrationError) as caught:
        stack.run("migrate.try")
    assert caught.value.where == "migrations/4_bad.sql:2:8"


def test_a_dry_run_says_what_it_cannot_try(stack) -> None:
    pairs(stack, 1)
    stack.migration("2_index.sql", "create index concurrently i on t1 (id);")
    stack.migration("3_after.sql", "select 1;")
    would = stack.run("migrate.try")["would"]
    assert [each["tried"] for each in would] == [True, False, False]
    assert "2_index.sql is run without a transaction" in would[2]["reason"] and not table_exists(stack, "t1")


def test_status_shows_every_state(stack) -> None:
    pairs(stack, 1, 2, 3, 5)
    stack.run("migrate", {"by": "ann", "release": "r7"})
    stack.migration("002_t.up.sql", "select 2;")
    (stack.folder / "migrations" / "003_t.up.sql").unlink()
    (stack.folder / "migrations" / "3_t.down.sql").unlink()
    stack.migration("4_late.sql", "select 4;")
    stack.migration("6_next.sql", "-- slipway: compatible\nselect 6;")
    found = stack.run("status")
    assert [(row["version"], row["state"]) for row in found["rows"]] == [
        (1, "applied"),
        (2, "edited"),
        (3, "missing"),
        (4, "out_of_order"),
        (5, "applied"),
        (6, "pending"),
    ]
    one, last = found["rows"][0], found["rows"][-1]
    assert (one["by"], one["release"], one["reversible"]) == ("ann", "r7", True) and one["ms"] > 0
    assert (last["compatible"], last["reversible"], last["applied_at"]) == (True, False, None)
    assert one["note"] == "" and "golang-migrate passes over this name; it takes 6_next.up.sql" in last["note"]
    assert (found["version"], found["mirror"], len(found["problems"])) == (5, {"version": 5, "dirty": False}, 3)


def test_status_of_a_database_that_has_never_been_migrated(stack) -> None:
    pairs(stack, 1)
    found = stack.run("status")
    assert (found["version"], found["rows"][0]["state"], found["problems"]) == (None, "pending", [])
    assert not table_exists(stack, "schema_migrations")


def test_an_older_release_is_told_that_the_database_is_newer(stack) -> None:
    pairs(stack, 1, 2)
    stack.run("migrate", {"release": "2026-07"})
    for name in ("002_t.up.sql", "2_t.down.sql"):
        (stack.folder / "migrations" / name).unlink()
    error = failed(stack)
    assert "the database is newer than this release" in error.found and "it came with release 2026-07" in error.found


def test_a_history_of_the_first_version_is_upgraded_in_place(stack) -> None:
    pairs(stack, 1)
    stack.run("migrate")
    with stack.connect("admin") as conn:
        conn.execute(
            "drop table slipway.unfinished; alter table slipway.history drop column down_sha256, "
            "drop column release, drop column baseline, drop column compatible"
        )
    assert stack.run("observe")["problems"] == [] and stack.run("status")["rows"][0]["state"] == "applied"
    pairs(stack, 2)
    assert stack.run("migrate", {"release": "r"})["version"] == 2
    assert stack.value("select string_agg(release, ',' order by version) from slipway.history") == ",r"
