"""Packages of npm that tests run or measure our own code by: installed once into this environment, from a lock."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


def install(here: Path, name: str) -> Path:
    """Where the packages of here/package-lock.json live, in a folder of this name. Skips without npm, fails in CI."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        must = os.environ.get("CI") == "true" or os.environ.get("SLIPWAY_REQUIRE_ENGINE") == "1"
        reason = f"no npm. For {name}: apt-get install nodejs npm, then ./invoke test"
        (pytest.fail if must else pytest.skip)(reason)
    home = Path(sys.prefix) / name
    home.mkdir(exist_ok=True)
    lock, stamp = (here / "package-lock.json").read_text(), home / "installed.json"
    with (home / "one.lock").open("w") as one:  # the tests of several files begin at once
        fcntl.flock(one, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_text() != lock:
            for file in ("package.json", "package-lock.json"):
                shutil.copy(here / file, home / file)
            words = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
            subprocess.run(words, cwd=home, check=True)
            stamp.write_text(lock)
    return home
