"""`lint`: style and likely mistakes of the Python code, by ruff."""

from __future__ import annotations

import subprocess
import sys

from slipway.console import Note
from slipway.environment import ROOT
from slipway.errors import VerificationError
from slipway.system import requirements

CHECKS = (
    (("check",), "findings of ruff", "check --fix"),
    (("format", "--check"), "files that are not formatted", "format"),
)


def run(on: str, reporter) -> None:
    """Runs ruff with the rules of pyproject.toml. Raises VerificationError if it finds something."""
    if requirements.needs_install(ROOT, "dev"):
        reporter.line("installing requirements/dev.lock …")
        requirements.install(ROOT, "dev", Note())
    for words, found, mend in CHECKS:
        if subprocess.run([sys.executable, "-m", "ruff", *words, "."], cwd=ROOT, check=False).returncode:
            raise VerificationError("lint", found, "none", f"{sys.executable} -m ruff {mend} .")
