"""Fixtures as files: names, hashes and the count of records."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.data import fixtures
from slipway.errors import MigrationError


@given(st.lists(st.lists(st.text(alphabet='a"\n,ж ', min_size=1), min_size=1, max_size=3), max_size=12),
       st.integers(1, 7), st.booleans())
def test_records_are_counted_as_the_csv_module_does(rows: list[list[str]], size: int, last_end: bool) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(rows)
    content = text.getvalue().encode() if last_end else text.getvalue().encode()[:-1]
    count = fixtures.RecordCount()
    for start in range(0, len(content), size):
        count.add(content[start:start + size])
    assert count.done() == len(rows)


def test_files_are_read_in_name_order_with_their_table(tmp_path: Path) -> None:
    (tmp_path / "002_sales.orders.csv").write_text("id,note\n1,a\n2,\"b\nc\"\n")
    (tmp_path / "001_demo.sql").write_text("select 1;")
    (tmp_path / "README.md").write_text("seeds")
    found = fixtures.read(tmp_path)
    assert [(each.name, each.kind, each.records) for each in found] == [
        ("001_demo.sql", "sql", 0), ("002_sales.orders.csv", "csv", 2)]
    assert found[1].table == "sales.orders"


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
        fixtures.header(fixtures.read(tmp_path)[0])
    assert caught.value.where.endswith("/1_users.csv:1")
