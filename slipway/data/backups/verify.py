"""Whether a backup is still byte for byte what was written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from slipway.data.backups import manifest
from slipway.errors import BackupError


def problems(path: Path) -> list[str]:
    """One sentence for each file that is missing, unknown, or not what the manifest says; it names the file."""
    return list(find_damage(path))


def find_damage(path: Path) -> Iterator[str]:
    try:
        files = manifest.read(path)["files"]
    except BackupError as error:
        yield error.found
        return
    there = {each.name for each in path.iterdir()}
    for name, expected in files.items():
        if name in there:
            yield from differences(path / name, expected)
        else:
            yield f"{name} is missing"
    for name in sorted(there - set(files) - manifest.BESIDE):
        yield f"{name} does not belong to this backup"


def differences(path: Path, expected: dict) -> Iterator[str]:
    """What is wrong with one file; its size is looked at first, since that costs nothing."""
    try:
        size = path.stat().st_size
        if size != expected["bytes"]:
            yield f"{path.name} has {size:,} bytes instead of {expected['bytes']:,}"
        elif manifest.facts(path)["sha256"] != expected["sha256"]:
            yield f"{path.name} has another content than was written (sha256)"
    except OSError as error:
        yield f"{path.name} cannot be read: {error.strerror}"
