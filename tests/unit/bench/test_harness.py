"""What a benchmark makes of a measurement that could not be made."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from bench import __main__ as bench
from bench import migrations
from bench.harness import NotMeasured, Result


@pytest.mark.parametrize(
    ("results", "code"),
    [
        ([Result("a", 1, 2, "s", "peer", 1.0)], 0),
        ([Result("a", 3, 2, "s", "peer", 1.0)], 8),
        ([Result("a", 1, 2, "s", "peer", 1.0), NotMeasured("b", "no peer")], 8),
    ],
)
def test_what_was_not_measured_counts_as_missed(monkeypatch, capsys, results: list, code: int) -> None:
    monkeypatch.setitem(sys.modules, "bench.migrations", SimpleNamespace(measure=lambda: iter(results)))
    assert bench.main(["migrations"]) == code
    assert ("NOT MEASURED: no peer" in capsys.readouterr().out) == (len(results) == 2)


def test_a_dbmate_that_cannot_be_had_is_not_measured(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    found = migrations.find_dbmate(tmp_path / "npm")
    assert isinstance(found, NotMeasured) and "npm is not installed" in found.why
