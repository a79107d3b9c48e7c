"""`test`: in which order the files begin."""

from __future__ import annotations

import subprocess
import sys
from itertools import groupby
from pathlib import Path

from slipway.environment import ROOT
from slipway.verbs import test as verb

OURS = ("pyproject.toml", "tests/conftest.py", "tests/support/campaign.py")
MARKED = "pytestmark = [pytest.mark.scenario, pytest.mark.long]"


def begun(folder: Path) -> list[str]:
    """The files of a tree in the order in which one worker begins them, with the arguments and the conftest of ours."""
    for name in OURS:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text((ROOT / name).read_text())
    words = ["1" if word == verb.WORKERS else word for word in verb.everything(scenarios=True)]
    argv = [sys.executable, "-m", "pytest", "-vv", "-p", "no:cacheprovider", *words]
    env = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(argv, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    ran = (line.split()[-1].partition("::")[0] for line in done.stdout.splitlines() if " PASSED " in line)
    return [name for name, _ in groupby(ran)]


def test_long_files_begin_first_then_scenarios_and_the_many_short_ones_fill_the_gaps(tmp_path: Path):
    folders = [verb.SCENARIOS, *verb.ALWAYS]
    for number, folder in enumerate(folders):
        (tmp_path / folder).mkdir(parents=True)
        # The later its turn, the more tests: by their number the order would be the other way round.
        tests = "".join(f"def test_{each}():\n    pass\n" for each in range(number + 1))
        (tmp_path / folder / "test_short.py").write_text(tests)
    long = f"{verb.SCENARIOS}/test_waits.py"
    (tmp_path / long).write_text(f"import pytest\n{MARKED}\ndef test_it():\n    pass\n")
    assert begun(tmp_path) == [long, *(f"{folder}/test_short.py" for folder in folders)]


def test_without_an_engine_no_scenario_is_asked_for():
    assert verb.SCENARIOS in verb.everything(scenarios=True)
    assert verb.SCENARIOS not in verb.everything(scenarios=False)
