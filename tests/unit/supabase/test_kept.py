"""A dump that a copy has left: used again only where it is whole, of that project, and of today."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from slipway.data.backups import manifest
from slipway.supabase.copying import kept

PROJECT = "postgres@db.example.org:5432/postgres"


def lay_down(folder: Path, age: timedelta = timedelta(hours=1), **more: object) -> None:
    for name in (manifest.DUMP, manifest.GLOBALS):
        (folder / name).write_bytes(b"dump")
    begun = (datetime.now(UTC) - age).isoformat(timespec="seconds").replace("+00:00", "Z")
    parts = dict.fromkeys(kept.NEEDED)
    manifest.write(folder, {"of": PROJECT, "begun": begun, "files": kept.files(folder), **parts, **more})


def test_one_that_is_whole_is_used(tmp_path: Path) -> None:
    lay_down(tmp_path)
    assert kept.look(tmp_path, PROJECT).fault == ""


@pytest.mark.parametrize("age", [timedelta(days=1, minutes=1), timedelta(days=60)])
def test_one_of_another_day_is_not(tmp_path: Path, age: timedelta) -> None:
    lay_down(tmp_path, age)
    assert kept.look(tmp_path, PROJECT).fault == "it is more than a day old"


def test_one_of_another_project_is_none(tmp_path: Path) -> None:
    assert kept.look(tmp_path, PROJECT) is None
    lay_down(tmp_path)
    assert kept.look(tmp_path, "postgres@other:5432/postgres") is None


@pytest.mark.parametrize("name", [manifest.DUMP, manifest.GLOBALS, manifest.NAME, manifest.DIGEST])
def test_damage_is_told(tmp_path: Path, name: str) -> None:
    lay_down(tmp_path)
    (tmp_path / name).write_bytes(b"dum")
    assert kept.look(tmp_path, PROJECT).fault
