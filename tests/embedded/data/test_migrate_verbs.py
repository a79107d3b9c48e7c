"""Rolling back, going somewhere, doing again, taking over, trying out: history, golang-migrate's row and catalog."""

from __future__ import annotations

import pytest

from slipway.errors import MigrationError, SettingsError
from tests.embedded.data import golang_migrate
from tests.embedded.data.migrating import failed, mirror, refused, table_exists, tables, versions


def pairs(stack, *numbers: int) -> None:
    for number in numbers:
        stack.migration(f"{number:03}_t.up.sql", f"create table t{number} (id int);")
        stack.migration(f"{number}_t.down.sql", f"drop table t{number};")


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
@pytest.mark.parametrize("dry_run", [False, True])
def test_a_dry_run_refuses_the_number_that_the_real_run_refuses(stack, to: int, says: str, dry_run: bool) -> None:
    pairs(stack, 1, 2, 3)
    stack.run("migrate", {"to": 2})
    assert says in refused(stack, "migrate", {"to": to, "dry_run": dry_run}).found


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
    found = stack.run("migrate", {"dry_run": True})
    assert [(each["version"], each["tried"]) for each in found["would"]] == [(1, True), (2, True), (3, True)]
    assert not table_exists(stack, "t1") and not table_exists(stack, "slipway.history")
    stack.migration("4_bad.sql", "select 1;\nselect nonsense;")
    with pytest.raises(MigrationError) as caught:
        stack.run("migrate", {"dry_run": True})
    assert caught.value.where == "migrations/4_bad.sql:2:8"


def test_a_dry_run_says_what_it_cannot_try(stack) -> None:
    pairs(stack, 1)
    stack.migration("2_index.sql", "create index concurrently i on t1 (id);")
    stack.migration("3_after.sql", "select 1;")
    would = stack.run("migrate", {"dry_run": True})["would"]
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
        (1, "applied"), (2, "edited"), (3, "missing"), (4, "out_of_order"), (5, "applied"), (6, "pending")]
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


def golang_migrate_was_here(stack, version: int, dirty: bool = False) -> None:
    with stack.connect("migrate") as conn:
        conn.execute("set role " + f'"{stack.database}_owner"')
        conn.execute("create table if not exists schema_migrations (version bigint not null primary key, "
                     "dirty boolean not null)")
        conn.execute("truncate schema_migrations")
        conn.execute("insert into schema_migrations values (%s, %s)", (version, dirty))


def test_adopt_takes_over_where_golang_migrate_is(stack) -> None:
    pairs(stack, 1, 2, 3)
    golang_migrate_was_here(stack, 2)
    assert "db.adopt" in failed(stack).next
    assert stack.run("adopt")["adopted"] == [1, 2]
    assert [row["state"] for row in stack.run("status")["rows"]] == ["baseline", "baseline", "pending"]
    assert [each["version"] for each in stack.run("migrate")["applied"]] == [3] and mirror(stack) == [(3, False)]


def test_a_row_that_golang_migrate_keeps_in_another_schema_is_not_overlooked(stack) -> None:
    stack.migration("1_a.sql", "create table a (id int);")
    with stack.connect("admin") as conn:
        conn.execute("create schema app; create table app.schema_migrations (version bigint primary key, dirty boolean)")
        conn.execute(f"grant usage on schema app to {stack.database}_owner, {stack.database}_migrate")
    url = stack.role_url("migrate") + "?options=-csearch_path%3Dapp"
    error = refused(stack, "migrate", MIGRATE_DATABASE_URL=url)
    assert error.where == '"app".schema_migrations' and "SET SCHEMA public" in error.next
    assert not table_exists(stack, "a") and stack.run("migrate")["version"] == 1


def test_adopt_follows_golang_migrate_forwards_and_backwards(stack) -> None:
    pairs(stack, 1, 2, 3)
    stack.run("migrate", {"to": 2})
    golang_migrate_was_here(stack, 3)
    assert stack.run("adopt") == {"version": 3, "adopted": [3], "forgotten": []}
    golang_migrate_was_here(stack, 1)
    assert stack.run("adopt") == {"version": 1, "adopted": [], "forgotten": [2, 3]}
    assert (versions(stack), stack.run("status")["problems"]) == ([1], [])


def test_golang_migrate_goes_on_after_us_and_we_after_it(stack) -> None:
    pairs(stack, 1, 2, 3, 4)
    stack.run("migrate", {"to": 2})
    golang_migrate.run(stack, 3, "create table t3 (id int);")
    assert "./invoke db.adopt" in failed(stack).next
    assert stack.run("adopt") == {"version": 3, "adopted": [3], "forgotten": []}
    assert [each["version"] for each in stack.run("migrate")["applied"]] == [4] and mirror(stack) == [(4, False)]
    assert stack.run("rollback", {"steps": 2})["version"] == 2 and tables(stack) == ["t1", "t2"]


@pytest.mark.parametrize(("row", "wanted", "says"), [
    ((9, False), None, "no file with this number"), ((2, True), None, "is dirty"),
    ((2, False), 1, "golang-migrate's row says 2"),
])
def test_adopt_refuses_what_does_not_fit(stack, row: tuple[int, bool], wanted: int | None, says: str) -> None:
    pairs(stack, 1, 2)
    golang_migrate_was_here(stack, *row)
    error = refused(stack, "adopt", {"version": wanted})
    assert says in str(error) and versions(stack) == []


def test_adopt_refuses_an_edited_history_and_asks_for_a_number_where_there_is_no_row(stack) -> None:
    pairs(stack, 1, 2)
    assert "has no row" in refused(stack, "adopt").found
    assert stack.run("adopt", {"version": 1})["adopted"] == [1]
    stack.migration("001_t.up.sql", "select 1;")
    golang_migrate_was_here(stack, 2)
    assert "was edited" in refused(stack, "adopt").found and versions(stack) == [1]


def test_adopting_minus_one_forgets_everything_as_after_golang_migrates_down_all(stack) -> None:
    pairs(stack, 1, 2)
    stack.run("migrate")
    with stack.connect("migrate") as conn:
        conn.execute(f'set role "{stack.database}_owner"; drop table t1, t2; truncate public.schema_migrations')
    assert "db.adopt" in failed(stack).next
    assert stack.run("adopt", {"version": -1}) == {"version": None, "adopted": [], "forgotten": [1, 2]}
    assert stack.run("migrate")["version"] == 2 and tables(stack) == ["t1", "t2"]


def test_a_history_of_the_first_version_is_upgraded_in_place(stack) -> None:
    pairs(stack, 1)
    stack.run("migrate")
    with stack.connect("admin") as conn:
        conn.execute("drop table slipway.unfinished; alter table slipway.history drop column down_sha256, "
                     "drop column release, drop column baseline, drop column compatible")
    assert stack.run("observe")["problems"] == [] and stack.run("status")["rows"][0]["state"] == "applied"
    pairs(stack, 2)
    assert stack.run("migrate", {"release": "r"})["version"] == 2
    assert stack.value("select string_agg(release, ',' order by version) from slipway.history") == ",r"
