"""Locked requirements beyond the base, installed into the running environment the first time they are needed."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

from slipway.errors import EngineError
from slipway.plan import Progress
from slipway.system import inherited, process

WORDS = ("--disable-pip-version-check", "--require-hashes", "--progress-bar", "off")
# A lock that belongs to another one, of which files are taken and no Python: what that asks for is of no matter.
COMPANIONS = {"embedded": "extensions"}
LENT = ("--ignore-requires-python", "--no-deps")


def needs_install(root: Path, name: str) -> bool:
    """Whether requirements/NAME.lock is not what was last installed."""
    stamp = stamp_of(name)
    return not stamp.exists() or stamp.read_text() != digest(root, name)


def install(root: Path, name: str, progress: Progress) -> str | None:
    """Installs requirements/NAME.lock, hashes checked. Raises EngineError with pip's last lines."""
    for lock in locks(root, name):
        words = LENT if lock.stem in COMPANIONS.values() else ()
        command = [sys.executable, "-m", "pip", "install", *WORDS, *words, "-r", str(lock)]
        try:
            process.stream(command, lambda line: progress.say(line.strip()[:100]), env=os.environ | inherited.HERE)
        except process.Failed as failure:
            raise EngineError(
                f"requirements/{lock.name}",
                "pip could not install it",
                "a package index that pip reaches",
                "pip config list; then the same command again",
                failure.output,
            ) from None
    stamp_of(name).write_text(digest(root, name))
    return None


def digest(root: Path, name: str) -> str:
    return hashlib.sha256(b"".join(lock.read_bytes() for lock in locks(root, name))).hexdigest()


def locks(root: Path, name: str) -> tuple[Path, ...]:
    names = (name, COMPANIONS[name]) if name in COMPANIONS else (name,)
    return tuple(root / "requirements" / f"{each}.lock" for each in names)


def stamp_of(name: str) -> Path:
    return Path(sys.prefix) / f"slipway.{name}.stamp"
