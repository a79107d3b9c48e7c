"""What db.new calls the files that it writes."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from slipway.verbs.db import new

NOON = datetime(2026, 7, 1, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("names", "number"),
    [
        ([], "001"),
        (["README.md", "x_1.sql"], "001"),
        (["001_a.up.sql", "001_a.down.sql"], "002"),
        (["9_a.sql"], "10"),
        (["099_a.sql"], "100"),
        (["999_a.sql"], "1000"),
        (["2_b.sql", "010_a.sql"], "011"),
        (["0002_a.sql", "1_b.sql"], "0003"),
        (["20250101000000_a.up.sql"], "20260701120000"),
        (["20260701120000_a.up.sql"], "20260701120001"),
        (["20990101000000_a.up.sql"], "20990101000001"),
    ],
)
def test_the_next_number_is_in_the_manner_of_the_directory(names: list[str], number: str) -> None:
    assert new.next_number(names, NOON) == number


def test_new_writes_a_pair_of_files(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(new, "ROOT", tmp_path)
    for _ in range(2):
        new.run("local", SimpleNamespace(done=lambda text, **fields: None), "Add tags, please")
    assert sorted(path.name for path in (tmp_path / "migrations").iterdir()) == [
        f"{number}_add_tags_please.{way}.sql" for number in ("001", "002") for way in ("down", "up")
    ]
