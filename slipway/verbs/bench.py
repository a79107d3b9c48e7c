"""`bench`: how fast, against whom, measured now."""

from __future__ import annotations

import subprocess
import sys

from slipway.console import Note
from slipway.environment import ROOT
from slipway.errors import VerificationError
from slipway.system import requirements


def run(on: str, reporter, only: str | None = None) -> None:
    """Runs every benchmark, or the one that is named. Raises VerificationError if a bar is not met."""
    if requirements.needs_install(ROOT, "embedded"):
        reporter.line("installing requirements/embedded.lock …")
        requirements.install(ROOT, "embedded", Note())
    words = [only] if only else []
    code = subprocess.run([sys.executable, "-m", "bench", *words], cwd=ROOT, check=False).returncode
    if code:
        raise VerificationError(
            "bench", "a bar that is not met, or a benchmark that failed", "every bar met", "read the lines above"
        )
