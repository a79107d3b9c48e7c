"""golang-migrate's table of one row: what it may hold, who wrote it, and where it may stand."""

from __future__ import annotations

import pytest

from slipway.data.migrations import history
from slipway.data.migrations.history import NIL, Mirror
from slipway.errors import SettingsError
from tests.support import golang_migrate
from tests.support.migrating import failed, mirror, refused, table_exists, tables, versions

# The version and whether it is dirty -> the rows that are left.
SET = {
    (0, False): [(0, False)],
    (0, True): [(0, True)],
    (1, True): [(1, True)],
    (2, False): [(2, False)],
    (2**63 - 1, False): [(2**63 - 1, False)],
    (NIL, True): [(NIL, True)],
    (NIL, False): [],
}


@pytest.fixture
def numbered(stack):
    for number in (0, 1, 2):
        stack.migration(f"{number}_t.up.sql", f"create table t{number} (id int);")
        stack.migration(f"{number}_t.down.sql", f"drop table t{number};")
    return stack


@pytest.mark.parametrize("held", [None, 7], ids=["empty", "with a row"])
@pytest.mark.parametrize(("version", "dirty"), SET)
def test_whatever_is_set_is_the_only_row_and_is_read_back(stack, version: int, dirty: bool, held: int | None) -> None:
    stack.run("migrate")
    with golang_migrate.session(stack) as conn:
        if held:
            golang_migrate.set_version(conn, held, True)
        conn.execute(history.mirror_rows(version, dirty))
        ours, read = mirror(stack), history.mirror(conn)
        golang_migrate.set_version(conn, version, dirty)
    assert (ours, read) == (SET[version, dirty], Mirror(version, dirty)) and mirror(stack) == ours


def test_version_zero_is_a_version_and_below_it_there_is_no_row(numbered) -> None:
    assert numbered.run("goto", {"version": 0})["version"] == 0 and mirror(numbered) == [(0, False)]
    assert numbered.run("status")["mirror"] == {"version": 0, "dirty": False}
    assert numbered.run("migrate", {"to": 1})["version"] == 1
    assert numbered.run("rollback", {"steps": 2})["version"] is None and mirror(numbered) == []
    assert numbered.run("status")["mirror"] == {"version": None, "dirty": False}


def test_version_zero_of_golang_migrate_is_taken_over(numbered) -> None:
    golang_migrate.up(numbered, golang_migrate.files(numbered)[0])
    assert numbered.run("adopt") == {"version": 0, "adopted": [0], "forgotten": []}
    assert numbered.run("migrate")["version"] == 2 and tables(numbered) == ["t0", "t1", "t2"]


def test_the_first_file_on_its_way_down_without_a_transaction_is_minus_one_and_dirty(numbered) -> None:
    numbered.migration("0_t.down.sql", "-- slipway: no-transaction\ndrop table t0;\nselect nonsense;")
    numbered.run("goto", {"version": 0})
    error = refused(numbered, "rollback")
    assert "1 of its statements are done" in error.expected
    assert (mirror(numbered), versions(numbered)) == ([(NIL, True)], [0])
    numbered.migration("0_t.down.sql", "-- slipway: no-transaction\ndrop table t0;\nselect 1;")
    numbered.run("rollback")
    assert (mirror(numbered), versions(numbered), tables(numbered)) == ([], [], [])


@pytest.mark.parametrize("version", [NIL, 0, 1])
def test_a_row_that_golang_migrate_left_dirty_is_refused_and_stays(numbered, version: int) -> None:
    numbered.run("migrate", {"to": 1})
    with golang_migrate.session(numbered) as conn:
        golang_migrate.set_version(conn, version, True)
    for verb in ("migrate", "rollback", "redo", "adopt"):
        assert f"version {version} is dirty" in refused(numbered, verb).found
    assert (mirror(numbered), versions(numbered)) == ([(version, True)], [0, 1])


@pytest.mark.parametrize("schema", ["app", "Sales 2", 'we"ird', "схема"])
def test_a_row_in_a_quoted_schema_is_found_and_the_way_out_is_one_that_works(numbered, schema: str) -> None:
    """x-migrations-table-quoted, or search_path: golang-migrate keeps its row where it is told to."""
    name = '"' + schema.replace('"', '""') + '"'
    with numbered.connect("admin") as conn:
        conn.execute(
            f"create schema {name}; create table {name}.schema_migrations (version bigint not null primary key, "
            f"dirty boolean not null); insert into {name}.schema_migrations values (1, false); "
            f'grant usage on schema {name} to "{numbered.database}_owner", "{numbered.database}_migrate"; '
            f'alter table {name}.schema_migrations owner to "{numbered.database}_owner"; '
            f"alter database {numbered.database} set search_path = {name}, public"
        )
    error = failed(numbered)
    assert error.where == f"{name}.schema_migrations" and not table_exists(numbered, "public.t0")
    with numbered.connect("admin") as conn:
        conn.execute(error.next.partition("psql: ")[2].partition("; and")[0])
    assert numbered.run("adopt")["adopted"] == [0, 1] and mirror(numbered) == [(1, False)]


@pytest.mark.parametrize(
    "option", ["x-migrations-table=moved", "x-migrations-table-quoted=true", "x-statement-timeout=5"]
)
def test_an_option_of_golang_migrate_in_the_url_is_named_and_the_password_is_not(stack, option: str) -> None:
    with pytest.raises(SettingsError) as caught:
        stack.run("migrate", MIGRATE_DATABASE_URL=stack.role_url("migrate") + "?sslmode=disable&" + option)
    said = " ".join(map(str, (caught.value.found, caught.value.expected, caught.value.next)))
    assert option.partition("=")[0] in caught.value.found and "public.schema_migrations" in said
    assert "p@ss" not in said and "p%40ss" not in said
