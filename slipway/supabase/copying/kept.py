"""The dump of a copy that was cut short: whether it can be used again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from slipway.data.backups import manifest
from slipway.errors import BackupError

NEEDED = frozenset({"schema", "settings", "defaults", "forced", "members"})  # one of an older form lacks some
OLDEST = timedelta(days=1)  # nobody who copies today means what the project was before


@dataclass(frozen=True)
class Kept:
    """When the dump was begun, and why it cannot be used, if that is so."""

    begun: str
    fault: str = ""


def files(path: Path) -> dict:
    """Size and sha256 of what a copy is made of, by name."""
    return {name: manifest.facts(path / name) for name in (manifest.DUMP, manifest.GLOBALS)}


def look(path: Path, project: str) -> Kept | None:
    """The dump of that project in the directory; None where there is none, or none that was finished."""
    if not (path / manifest.DIGEST).exists():
        return None
    try:
        found = manifest.read(path)
    except BackupError as error:
        return Kept("", error.found)
    if found["of"] != project or not NEEDED <= found.keys():
        return None
    if datetime.now(UTC) - datetime.fromisoformat(found["begun"]) > OLDEST:
        return Kept(found["begun"], "it is more than a day old")
    try:
        damaged = [name for name, facts in files(path).items() if facts != found["files"].get(name)]
    except OSError as error:
        return Kept(found["begun"], error.strerror or str(error))
    return Kept(found["begun"], f"{damaged[0]} is not what was written" if damaged else "")
