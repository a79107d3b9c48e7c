"""`invoke --list` here against `invoke --list` on an empty tasks.py."""

from __future__ import annotations

import tempfile
from pathlib import Path

from bench.harness import ROOT, Result, environment, invoke, median, timed

TIMES = 15


def measure() -> Result:
    env = environment()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "tasks.py").write_text("from invoke import task\n\n\n@task\ndef nothing(c):\n    pass\n")
        ours = median(lambda: timed(invoke("--list"), ROOT, env), TIMES)
        peer = median(lambda: timed(invoke("--list"), Path(folder), env), TIMES)
    return Result("start-up: invoke --list", ours, peer, "s", "an empty tasks.py", 1.5)
