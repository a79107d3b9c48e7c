"""The servers' programs: the system's where they are as good as the image's, else those that come as wheels."""

from __future__ import annotations

import functools
import re
import subprocess
import sys
from pathlib import Path

from slipway.engine.embedded import wheel
from slipway.errors import SettingsError

PLACES = (
    "/usr/lib/postgresql/{}/bin",
    "/usr/pgsql-{}/bin",
    "/opt/homebrew/opt/postgresql@{}/bin",
    "/usr/local/opt/postgresql@{}/bin",
)
# Of the image (contrib), those that have files of their own to be looked for.
EXTENSIONS = tuple(
    "amcheck autoinc bloom btree_gin btree_gist citext cube dblink dict_int dict_xsyn earthdistance file_fdw "
    "fuzzystrmatch hstore insert_username intagg intarray isn lo ltree moddatetime pageinspect pg_buffercache "
    "pg_freespacemap pg_prewarm pg_stat_statements pg_surgery pg_trgm pg_visibility pg_walinspect pgcrypto pgrowlocks "
    "pgstattuple plpgsql postgres_fdw refint seg sslinfo tablefunc tcn tsm_system_rows tsm_system_time unaccent "
    "uuid-ossp xml2".split()
)


def postgres(major: str, wish: str = "auto") -> Path:
    """Directory of the Postgres programs of a major version. Raises SettingsError if there is none that `wish` allows.

    The system's where it lacks nothing that the image has, or where there is no wheel of that version.
    """
    system = system_postgres(major) if wish != "wheel" else None
    wheels = wheel.available(major) and wish != "system"
    if system and not (wheels and lacking(system)):
        return system
    if wheels:
        return wheel.programs()
    raise SettingsError(
        "POSTGRES_VERSION",
        f"{major}, which is not installed here",
        f"{wheel.MAJOR} on the embedded engine, or that version's own packages",
        f"set POSTGRES_VERSION={wheel.MAJOR} and EMBEDDED_PROGRAMS=auto, or install PostgreSQL {major} with its contrib",
    )


def system_postgres(major: str) -> Path | None:
    """Never by PATH, which may lead to any version."""
    for place in (Path(text.format(major)) for text in PLACES):
        if (place / "postgres").exists() and (place / "initdb").exists():
            return place
    return None


@functools.cache
def lacking(programs: Path) -> tuple[str, ...]:
    """The extensions of the image that these programs come without."""
    share = Path(told(programs / "pg_config", "--sharedir").strip() or programs.parent / "share")
    return tuple(name for name in EXTENSIONS if not (share / "extension" / f"{name}.control").exists())


def rclone() -> Path:
    return Path(sys.prefix) / "bin" / "rclone"


@functools.cache
def version(program: str) -> tuple[int, int]:
    match = re.search(r"v=(\d+)\.(\d+)", told(Path(program), "--version"))
    return (int(match[1]), int(match[2])) if match else (0, 0)


def told(program: Path, word: str) -> str:
    try:
        return subprocess.run([program, word], capture_output=True, text=True, timeout=10, check=False).stdout
    except FileNotFoundError:
        return ""


def origin(path: Path) -> str:
    return "of a wheel" if "site-packages" in path.parts else "of the system"
