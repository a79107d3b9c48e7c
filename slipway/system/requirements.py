"""Locked requirements beyond the base, installed into the running environment the first time they are needed."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

from slipway.errors import EngineError
from slipway.plan import Progress
from slipway.system import process


def needs_install(root: Path, name: str) -> bool:
    """Whether requirements/NAME.lock is not what was last installed."""
    stamp = stamp_of(name)
    return not stamp.exists() or stamp.read_text() != digest(root, name)


def install(root: Path, name: str, progress: Progress) -> str | None:
    """Installs requirements/NAME.lock, hashes checked. Raises EngineError with pip's last lines."""
    lock = root / "requirements" / f"{name}.lock"
    try:
        process.stream(
            [
                sys.executable,
                "-m",
                "pip",
                "install",
                "--disable-pip-version-check",
                "--require-hashes",
                "--progress-bar",
                "off",
                "-r",
                str(lock),
            ],
            lambda line: progress.say(line.strip()[:100]),
        )
    except process.Failed as failure:
        raise EngineError(
            f"requirements/{name}.lock",
            "pip could not install it",
            "a package index that pip reaches",
            "pip config list; then the same command again",
            failure.output,
        ) from None
    stamp_of(name).write_text(digest(root, name))
    return None


def digest(root: Path, name: str) -> str:
    return hashlib.sha256((root / "requirements" / f"{name}.lock").read_bytes()).hexdigest()


def stamp_of(name: str) -> Path:
    return Path(sys.prefix) / f"slipway.{name}.stamp"
