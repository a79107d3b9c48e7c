"""`test`: every test that this machine can run, and in plain words those that it cannot."""

from __future__ import annotations

import os
import subprocess
import sys

from slipway.console import Note
from slipway.engine.pick import why_no_docker
from slipway.environment import ROOT
from slipway.errors import VerificationError
from slipway.system import requirements

SCENARIOS = "tests/scenarios"
# In the order in which they begin: long files first, and the hundreds of short ones fill the gaps at the end.
ALWAYS = ("tests/embedded", "tests/supabase", "tests/app", "tests/newman", "tests/dokploy", "tests/unit")
WORKERS = "3"


def run(on: str, reporter, only: str | None = None) -> None:
    """Runs unit and embedded tests, and the scenarios where a Docker engine answers.

    `only` names a file or directory instead. With SLIPWAY_REQUIRE_ENGINE=1 a missing engine is a failure.
    """
    for name in ("embedded", "smoke", "dev"):
        if requirements.needs_install(ROOT, name):
            reporter.line(f"installing requirements/{name}.lock …")
            requirements.install(ROOT, name, Note())
    left_out = None if only else why_no_docker(os.environ)
    if left_out and os.environ.get("SLIPWAY_REQUIRE_ENGINE") == "1":
        raise left_out
    words = [only] if only else everything(scenarios=not left_out)
    # The tests start hundreds of commands: none of them compiles anew what it runs.
    env = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    code = subprocess.run([sys.executable, "-m", "pytest", *words], cwd=ROOT, env=env, check=False).returncode
    if left_out:
        reporter.line(
            f"Left out: {SCENARIOS}, because no Docker engine answers ({left_out.found}). To run them on Debian: "
            "sudo scripts/docker-engine, then ./invoke test. Elsewhere: install Docker."
        )
    if code:
        raise VerificationError("tests", f"pytest ended with {code}", "0", "read the first failure above")


def everything(scenarios: bool) -> list[str]:
    """Arguments of pytest for all tests, with or without those that need a Docker engine."""
    # Most of them wait for servers most of the time: three files side by side keep two cores busy. A file stays whole,
    # because its tests share a stack. Left to itself xdist begins with the files of the most tests, which are short
    # ones, and one worker is alone with a long one at the end.
    side_by_side = ["-n", WORKERS, "--dist", "loadfile", "--no-loadscope-reorder"]
    return [*side_by_side, *([SCENARIOS] if scenarios else []), *ALWAYS]
