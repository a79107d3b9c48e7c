"""Fixtures as files: names, hashes and the count of records."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.data.fixtures import csv as fixture_csv
from slipway.data.fixtures import load as fixtures
from slipway.errors import MigrationError, SettingsError


@given(
    st.lists(st.lists(st.text(alphabet='a"\n,ж ', min_size=1), min_size=1, max_size=3), max_size=12),
    st.integers(1, 7),
    st.booleans(),
)
def test_records_are_counted_as_the_csv_module_does(rows: list[list[str]], size: int, last_end: bool) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(rows)
    content = text.getvalue().encode() if last_end else text.getvalue().encode()[:-1]
    count = fixture_csv.RecordCount()
    for start in range(0, len(content), size):
        count.add(content[start : start + size])
    assert count.done() == len(rows)


def test_files_are_read_in_name_order_with_their_table(tmp_path: Path) -> None:
    (tmp_path / "002_sales.orders.csv").write_text('id,note\n1,a\n2,"b\nc"\n')
    (tmp_path / "001_demo.sql").write_text("select 1;")
    (tmp_path / "README.md").write_text("seeds")
    found = fixtures.read(tmp_path)
    assert [(each.name, each.kind) for each in found] == [("001_demo.sql", "sql"), ("002_sales.orders.csv", "csv")]
    assert found[1].table == "sales.orders" and fixture_csv.count([found[1].path.read_bytes()]) == 2


def test_a_name_of_the_wrong_form_is_refused(tmp_path: Path) -> None:
    (tmp_path / "users.csv").write_text("id\n")
    with pytest.raises(MigrationError, match=r"users\.csv: not a fixture's name"):
        fixtures.read(tmp_path)


def test_no_directory_is_no_fixtures(tmp_path: Path) -> None:
    assert fixtures.read(None) == fixtures.read(tmp_path / "nowhere") == ()


def test_only_changed_or_new_content_is_pending(tmp_path: Path) -> None:
    for name in ("1_a.sql", "2_b.sql", "3_c.sql"):
        (tmp_path / name).write_text(name)
    found = fixtures.read(tmp_path)
    loaded = {"1_a.sql": found[0].sha256, "2_b.sql": "other"}
    assert [each.name for each in fixtures.pending(found, loaded)] == ["2_b.sql", "3_c.sql"]


@pytest.mark.parametrize("content", [b"", b"\n", b"id,,x\n", b"\xff\xfe\n"])
def test_a_csv_without_a_header_is_refused_at_its_first_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "1_users.csv").write_bytes(content)
    with pytest.raises(MigrationError) as caught:
        fixture_csv.header(tmp_path / "1_users.csv", "fixtures/1_users.csv")
    assert caught.value.where.endswith("/1_users.csv:1")


def fixture_of(folder: Path, name: str, content: bytes) -> fixtures.Fixture:
    (folder / name).write_bytes(content)
    return fixtures.describe(folder / name)


def test_a_changed_sql_file_must_say_that_it_can_be_loaded_again(tmp_path: Path) -> None:
    found = (
        fixture_of(tmp_path, "1_a.sql", b"select 1;"),
        fixture_of(tmp_path, "2_b.csv", b"id\n1\n"),
        fixture_of(tmp_path, "3_c.sql", b"-- seeds\n-- slipway: repeatable\nselect 1;"),
        fixture_of(tmp_path, "4_d.sql", b"select 1; -- slipway: repeatable"),
    )
    told = fixtures.conflicts(found, {each.name: "another" for each in found})
    assert [problem.where.split("/")[-1] for problem in told] == ["1_a.sql", "4_d.sql"]
    assert fixtures.conflicts(found, {each.name: each.sha256 for each in found}) == fixtures.conflicts(found, {}) == ()


def test_line_ends_and_the_mark_before_utf8_do_not_change_the_hash(tmp_path: Path) -> None:
    same = {
        fixture_of(tmp_path, "1_a.sql", content).sha256
        for content in (b"select 1;\nselect 2;\n", b"select 1;\r\nselect 2;\r\n", b"\xef\xbb\xbfselect 1;\nselect 2;\n")
    }
    assert len(same) == 1


@pytest.mark.parametrize("only", ["002_tasks.csv", "002_tasks", "fixtures/002_tasks.csv"])
def test_one_fixture_is_chosen_by_name_with_or_without_ending(tmp_path: Path, only: str) -> None:
    found = (fixture_of(tmp_path, "001_demo.sql", b""), fixture_of(tmp_path, "002_tasks.csv", b"id\n"))
    assert fixtures.chosen(found, only) == found[1:] and fixtures.chosen(found, None) == found


def test_an_unknown_fixture_is_refused_with_the_nearest_one(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        fixtures.chosen((fixture_of(tmp_path, "002_tasks.csv", b""),), "tsks")
    assert caught.value.expected == "002_tasks.csv"


def test_bytes_that_are_not_utf8_are_named_with_their_line(tmp_path: Path) -> None:
    with pytest.raises(MigrationError) as caught:
        _ = fixture_of(tmp_path, "1_a.sql", b"select 1;\nselect '\xff';").sha256
    assert caught.value.where.endswith("/1_a.sql:2") and "0xff" in caught.value.found


def test_a_character_that_is_cut_off_at_the_end_is_named_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(MigrationError) as caught:
        _ = fixture_of(tmp_path, "1_a.sql", "select 1;\n-- ж".encode()[:-1]).sha256
    assert caught.value.where.endswith("/1_a.sql:2") and "cut off" in caught.value.found


def test_progress_is_told_in_steps_and_never_beyond_the_total() -> None:
    heard: list[dict] = []
    tell = fixtures.teller(heard.append, "x", 1000, "rows")
    for done in range(0, 1100, 3):
        tell(done)
    told = [event["done"] for event in heard]
    assert told == sorted(told) and 980 < told[-1] <= 1000 and 50 < len(told) <= 100
