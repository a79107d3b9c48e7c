"""The directory of the backups: which are there, under which names, and where one is being written."""

from __future__ import annotations

import difflib
import json
import re
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from slipway.data.backups import manifest
from slipway.data.backups.retention import SKEW
from slipway.data.endpoints import Endpoints, need
from slipway.errors import BackupError

ID = re.compile(r"\d{8}T\d{6}Z(-[2-9]\d*|-1\d+)?")
PARTIAL = ".partial-"
OBJECTS = "objects"
SECOND = "%Y%m%dT%H%M%SZ"


def root(ends: Endpoints) -> Path:
    """Where this stack's backups are. Raises SettingsError where no place was named."""
    need(ends.backup_dir, "BACKUP_DIR", "/var/lib/slipway-backups")
    return ends.backup_dir


def pool(ends: Endpoints) -> Path:
    """Where the bytes of objects are, each once for all backups, by their sha256."""
    return root(ends) / OBJECTS


def list_backups(ends: Endpoints) -> list[dict]:
    """The manifest of every complete backup, newest first, each with `proven`, `drill` (or None) and `path`."""
    found = []
    for path in places(ends):
        try:
            found.append(read(path))
        except BackupError:
            continue
    return found


def list_damaged(ends: Endpoints) -> list[str]:
    """One sentence for each directory that has a backup's name and no manifest that can be trusted."""
    problems = []
    for path in places(ends):
        try:
            read(path)
        except BackupError as error:
            problems.append(f"{path.name}: {error.found}")
    return problems


def places(ends: Endpoints) -> list[Path]:
    """Directories that have a backup's name, newest first."""
    try:
        found = [path for path in root(ends).iterdir() if ID.fullmatch(path.name) and path.is_dir()]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise unreachable(root(ends), error) from None
    return sorted(found, key=lambda path: order(path.name), reverse=True)


def order(name: str) -> tuple[str, int]:
    """Names in the order in which they were given: second, then number within it."""
    second, _, number = name.partition("-")
    return second, int(number or 1)


def future(name: str, now: datetime | None = None) -> bool:
    """Whether a name is of a time that has not come: then the clock was wrong when it was given, or is now."""
    return order(name)[0] > ((now or datetime.now(UTC)) + SKEW).strftime(SECOND)


def find(ends: Endpoints, identity: str) -> Path:
    """The directory of a backup; `latest` is the newest that holds a database, or else the newest. One that is dated in
    the future, because a clock was wrong, is only taken where there is no other.

    Raises BackupError that names the nearest ones.
    """
    there = places(ends)
    if identity == "latest" and (complete := list_backups(ends)):
        return min(complete, key=lambda each: (future(each["path"].name), "database" not in each["parts"]))["path"]
    for path in there:
        if path.name == identity:
            return path
    near = difflib.get_close_matches(identity, [path.name for path in there], 3, 0.5)
    raise BackupError(
        f"backup {identity}",
        "there is no backup of this name",
        ", ".join(near) or "one that is listed",
        "./invoke backups.list",
    )


def read(path: Path) -> dict:
    """The manifest of one backup, with `proven`, `drill` and `path`. Raises BackupError where it cannot be trusted."""
    evidence = read_drill(path)
    return manifest.read(path) | {
        "proven": bool(evidence and evidence.get("ok") is True),
        "drill": evidence,
        "path": path,
    }


def read_drill(path: Path) -> dict | None:
    """What the last drill of a backup wrote down, or None."""
    try:
        found = json.loads((path / manifest.EVIDENCE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def new_id(ends: Endpoints, now: datetime | None = None) -> str:
    """A name that no backup has: the second in UTC, with a number where that second has one already."""
    second = (now or datetime.now(UTC)).strftime(SECOND)
    names = (second if number == 1 else f"{second}-{number}" for number in count(1))
    return next(name for name in names if not (root(ends) / name).exists())


def unreachable(path: Path, error: OSError) -> BackupError:
    return BackupError(
        f"BACKUP_DIR {path}",
        error.strerror or str(error),
        "a directory that this user may write, with room on its disk",
        f"ls -ld {path}; df -h {path}",
    )
