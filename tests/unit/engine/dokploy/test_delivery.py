"""Files that go to the ops container by commands: whole, gone afterwards, and refused where they are too many."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from slipway.engine.dokploy import delivery
from slipway.errors import EngineError, SettingsError


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[list[str]]:
    """Commands are run by this machine's shell, in the place of the container's; each of them in a list."""
    said: list[str] = []

    def run(client: None, service: None, command: str) -> None:
        said.append(command)
        if subprocess.run(["sh", "-c", command], check=False).returncode:
            raise EngineError("ops", "files did not arrive", "", "")

    monkeypatch.setattr(delivery, "run", run)
    monkeypatch.setattr(delivery, "PLACE", str(tmp_path / "from-"))
    yield said
    assert not list(tmp_path.glob("from-*")), "something is left"


def test_files_arrive_whole_in_as_many_commands_as_they_need(here: list[str], tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    (folder / "below").mkdir(parents=True)
    files = {"1_a.up.sql": "select 'ü\n$(x) `y`';\n" * 9, "2 b.up.sql": "", "3.up.sql": str(range) + "é" * 300}
    for name, text in files.items():
        (folder / name).write_text(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delivery, "PART", 100)
        with delivery.deliver(None, None, folder) as place:
            assert {path.name: path.read_text() for path in Path(place).iterdir()} == files
    assert len(here) > 5 and all(len(command) < 300 for command in here)


def test_what_does_not_arrive_ends_it_and_leaves_nothing(here: list[str], tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "a.sql").write_text("select 1;\n")
    monkeypatch.setattr(delivery, "packed", lambda folder: "!no-base64!")
    with pytest.raises(EngineError), delivery.deliver(None, None, tmp_path):
        pytest.fail("it was taken for whole")


def test_a_directory_that_is_too_large_is_refused_before_anything_is_sent(here: list[str], tmp_path: Path) -> None:
    import random

    (tmp_path / "a.sql").write_bytes(random.Random(1).randbytes(delivery.PART * delivery.MOST))
    with pytest.raises(SettingsError, match="when it is packed"), delivery.deliver(None, None, tmp_path):
        pass
    assert not here
