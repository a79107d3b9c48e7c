"""What the rows of another tool's history say: which of the files it has run, and why that cannot be known."""

from __future__ import annotations

import pytest

from slipway.data.migrations.imports import tools
from slipway.data.migrations.imports.flyway import checksum
from slipway.data.migrations.interface import Foreign
from slipway.errors import MigrationError


def files(*versions: str) -> dict[str, Foreign]:
    """Files of which the tool keeps the checksum "same"."""
    return {
        version: Foreign(version, f"theirs/{version}.sql", ("same",), place, "a", "", "")
        for place, version in enumerate(versions, 1)
    }


HAVE = {
    "goose": (("1", "2"), [("0", True), ("1", True), ("2", True), ("2", False)], {"1"}),
    "dbmate": (("01", "02"), [("01",)], {"01"}),
    "supabase": (("01", "02"), [("01",), ("02",)], {"01", "02"}),
    "sqlx": (("1", "2"), [("1", True, "same")], {"1"}),
    "prisma": (
        ("0_a", "1_b", "2_c"),
        [("0_a", "then", None, "same"), ("1_b", None, "then", "same"), ("1_b", "then", None, "same")],
        {"0_a", "1_b"},
    ),
    "flyway": (
        ("1", "1.1", "2", "3"),
        [
            (None, "SCHEMA", True, None),
            ("1.1", "BASELINE", True, None),
            ("2.0", "SQL", True, "same"),
            ("3", "SQL", True, "same"),
            (None, "SQL", True, "7"),
            ("3", "UNDO_SQL", True, "same"),
        ],
        {"1", "1.1", "2"},
    ),
}


@pytest.mark.parametrize(("tool", "case"), HAVE.items())
def test_the_versions_that_the_tool_has_run(tool: str, case: tuple) -> None:
    versions, rows, applied = case
    found = tools.find(tool).applied(rows, files(*versions))
    assert (found.versions, found.notes) == (frozenset(applied), ())


STOPPED = {
    "sqlx": ("1", False, "same"),
    "prisma": ("1", None, None, "same"),
    "flyway": ("1", "SQL", False, "same"),
}


@pytest.mark.parametrize(("tool", "row"), STOPPED.items())
def test_a_migration_that_stopped_in_its_middle_is_refused(tool: str, row: tuple) -> None:
    with pytest.raises(MigrationError) as caught:
        tools.find(tool).applied([row], files("1"))
    assert "stopped in its middle" in caught.value.found and caught.value.where.endswith(": 1") and caught.value.next


ALONE = {
    "goose": ("7", True),
    "dbmate": ("7",),
    "supabase": ("7",),
    "sqlx": ("7", True, "same"),
    "prisma": ("7", "then", None, "same"),
    "flyway": ("7", "JDBC", True, None),
}


@pytest.mark.parametrize(("tool", "row"), ALONE.items())
def test_a_migration_that_was_run_and_has_no_file_is_refused(tool: str, row: tuple) -> None:
    with pytest.raises(MigrationError) as caught:
        tools.find(tool).applied([row], files("1"))
    assert "the directory does not have it" in caught.value.found and caught.value.where.endswith(": 7")


EDITED = {
    "sqlx": ("1", True, "other"),
    "prisma": ("1", "then", None, "other"),
    "flyway": ("1", "SQL", True, "other"),
}


@pytest.mark.parametrize(("tool", "row"), EDITED.items())
def test_a_file_that_was_edited_since_is_said(tool: str, row: tuple) -> None:
    found = tools.find(tool).applied([row], files("1"))
    assert found.versions == {"1"} and "theirs/1.sql was edited after" in found.notes[0]


def test_flyways_checksum_is_of_the_lines_without_their_ends() -> None:
    assert checksum(b"select 1;\r\nselect 2;\n") == checksum(b"\xef\xbb\xbfselect 1;\nselect 2;") == -593479011
