"""golang-migrate's documented cases, written from its rules: the source 1, 3, 4, 5, 7 of its source tests.

1 up and down, 3 up only, 4 up and down, 5 down only, 7 up and down.
"""

from __future__ import annotations

import pytest

from tests.support.migrating import mirror, refused, tables, versions

FILES = {
    "1_a.up.sql": "create table t1 (id int);",
    "1_a.down.sql": "drop table t1;",
    "3_b.up.sql": "create table t3 (id int);",
    "004_c.up.sql": "create table t4 (id int);",
    "0004_c.down.sql": "drop table t4;",
    "5_d.down.sql": "create table undone5 (id int);",
    "7_e.up.sql": "create table t7 (id int);",
    "7_e.down.sql": "drop table t7;",
}


@pytest.fixture
def source(stack):
    for name, sql in FILES.items():
        stack.migration(name, sql)
    return stack


@pytest.mark.parametrize(
    ("to", "row", "made"),
    [
        (1, 1, ["t1"]),
        (3, 3, ["t1", "t3"]),
        (4, 4, ["t1", "t3", "t4"]),
        (5, 5, ["t1", "t3", "t4"]),  # down only: the version moves, no SQL is run
        (7, 7, ["t1", "t3", "t4", "t7"]),
    ],
)
def test_up_to_each_version(source, to: int, row: int, made: list[str]) -> None:
    assert source.run("goto", {"version": to})["version"] == row
    assert (mirror(source), tables(source)) == ([(row, False)], made)


@pytest.mark.parametrize(
    ("start", "row", "made"),
    [
        (7, [(5, False)], ["t1", "t3", "t4"]),  # the previous version of the source, not 6
        (5, [(4, False)], ["t1", "t3", "t4", "undone5"]),
        (4, [(3, False)], ["t1", "t3"]),
        (1, [], []),  # down to nothing leaves no row
    ],
)
def test_one_down_from_each_version(source, start: int, row: list, made: list[str]) -> None:
    source.run("goto", {"version": start})
    source.run("rollback")
    assert (mirror(source), tables(source)) == (row, made)


def test_down_of_an_up_only_version_is_refused_where_golang_migrate_would_only_move(source) -> None:
    source.run("goto", {"version": 3})
    assert "3_b.down.sql" in refused(source, "rollback").found and mirror(source) == [(3, False)]


@pytest.mark.parametrize("version", [0, 2, 6, 8])
def test_a_version_that_does_not_exist(source, version: int) -> None:
    assert "no file with this number" in refused(source, "goto", {"version": version}).found and versions(source) == []


def test_no_change_is_no_error(source) -> None:
    source.run("migrate")
    assert source.run("migrate") == {"applied": [], "version": 7}
    assert source.run("goto", {"version": 7})["applied"] == []


def test_several_statements_in_a_file_are_one_transaction(source) -> None:
    source.migration("9_f.up.sql", "create table t9 (id int);\ncreate table t9 (id int);")
    assert refused(source, "migrate").where == "migrations/9_f.up.sql:2:1"
    assert mirror(source) == [(7, False)] and "t9" not in tables(source)


def test_while_a_file_without_a_transaction_is_run_the_row_is_the_target_and_dirty(source) -> None:
    source.migration("8_f.up.sql", "-- slipway: no-transaction\ncreate table seen as select * from schema_migrations;")
    source.migration("8_f.down.sql", "-- slipway: no-transaction\ninsert into seen select * from schema_migrations;")
    source.run("migrate")
    source.run("rollback")
    with source.connect("admin") as conn:
        assert conn.execute("select version, dirty from seen").fetchall() == [(8, True), (7, True)]


def test_the_table_is_that_of_golang_migrate(source) -> None:
    source.run("migrate")
    with source.connect("admin") as conn:
        columns = conn.execute(
            "select column_name, data_type, is_nullable from information_schema.columns where "
            "table_name = 'schema_migrations' order by ordinal_position"
        ).fetchall()
    assert columns == [("version", "bigint", "NO"), ("dirty", "boolean", "NO")]
