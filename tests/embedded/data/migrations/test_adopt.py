"""Taking over a database from golang-migrate, once or again and again while both tools work on it."""

from __future__ import annotations

import pytest

from tests.support import golang_migrate
from tests.support.migrating import failed, mirror, pairs, refused, table_exists, tables, versions


def golang_migrate_was_here(stack, version: int, dirty: bool = False) -> None:
    with stack.connect("migrate") as conn:
        conn.execute("set role " + f'"{stack.database}_owner"')
        conn.execute(
            "create table if not exists schema_migrations (version bigint not null primary key, dirty boolean not null)"
        )
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
        conn.execute(
            "create schema app; create table app.schema_migrations (version bigint primary key, dirty boolean)"
        )
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


@pytest.mark.parametrize(
    ("row", "wanted", "says"),
    [
        ((9, False), None, "no file with this number"),
        ((2, True), None, "is dirty"),
        ((2, False), 1, "golang-migrate's row says 2"),
    ],
)
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
