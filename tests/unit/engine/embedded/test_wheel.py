"""The extensions that are laid into the Postgres of the wheel."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from slipway.engine.embedded import wheel

PACKED = ("lib/pgcrypto.so", "lib/other.so", "share/extension/pgcrypto.control", "share/extension/pgcrypto--1.4.sql")


@pytest.fixture
def base(tmp_path: Path, monkeypatch) -> Path:
    archive = tmp_path / "postgresql-18.tar.gz"
    with tarfile.open(archive, "w:gz") as packed:
        for name in PACKED:
            info = tarfile.TarInfo(f"postgresql-18/{name}")
            info.size = len(name)
            packed.addfile(info, io.BytesIO(name.encode()))
    monkeypatch.setattr(wheel, "lent", lambda: archive)
    monkeypatch.setattr(wheel, "loads", lambda: True)
    for name in ("lib", "share/extension"):
        (tmp_path / "pginstall" / name).mkdir(parents=True)
    return tmp_path / "pginstall"


def files(base: Path) -> set[str]:
    return {path.name for path in base.rglob("*") if path.is_file()}


OURS = {"uuid-ossp.control", "uuid-ossp--1.1.sql"}
LENT = {"pgcrypto.so", "pgcrypto.control", "pgcrypto--1.4.sql"}


def test_what_is_lacking_is_laid_in_and_nothing_else(base) -> None:
    wheel.lay_in(base)
    assert files(base) == OURS | LENT
    assert (base / "lib" / "pgcrypto.so").read_text() == "lib/pgcrypto.so"


def test_a_second_time_changes_nothing(base) -> None:
    wheel.lay_in(base)
    before = {path: path.stat().st_mtime_ns for path in base.rglob("*")}
    wheel.lay_in(base)
    assert {path: path.stat().st_mtime_ns for path in base.rglob("*")} == before


def test_one_that_was_cut_short_is_made_whole_by_the_next(base, monkeypatch) -> None:
    put = wheel.put

    def killed(content, target: Path) -> None:
        if target.suffix == ".control" and "pgcrypto" in target.name:
            raise KeyboardInterrupt
        put(content, target)

    monkeypatch.setattr(wheel, "put", killed)
    with pytest.raises(KeyboardInterrupt):
        wheel.lay_in(base)
    assert "pgcrypto.control" not in files(base), "the server offers nothing that is half there"
    monkeypatch.setattr(wheel, "put", put)
    wheel.lay_in(base)
    assert files(base) == OURS | LENT


def test_a_machine_without_its_library_is_offered_no_pgcrypto(base, monkeypatch) -> None:
    monkeypatch.setattr(wheel, "loads", lambda: False)
    wheel.lay_in(base)
    assert files(base) == OURS


def test_a_newer_file_of_ours_takes_the_place_of_an_older_one(base) -> None:
    (base / "share" / "extension" / "uuid-ossp.control").write_text("old")
    wheel.lay_in(base)
    assert (base / "share" / "extension" / "uuid-ossp.control").read_text() != "old"
