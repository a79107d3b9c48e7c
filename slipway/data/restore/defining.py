"""The definitions of a dump, run by psql without what only servers of some minor releases take.

Since November 2026 (15.20) servers count the versions of a column among its options, and a pg_dump that is older than
that writes them down as if somebody had set them. Other servers refuse them; those that know them count anew whatever
is said. They stand among the definitions alone, so rows and indexes stay pg_restore's.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping

from slipway.data.postgres import complaints, older, schema
from slipway.data.restore.archive import Archive
from slipway.errors import BackupError

VERSION = "pg_attver="
OPTIONS = re.compile(rf"(?m)^(ALTER .* ALTER COLUMN .* SET \()(.*{VERSION}.*)\);\n")
THE_REST = ("--section=data", "--section=post-data")


def is_needed(archive: Archive) -> bool:
    return bool(OPTIONS.search(archive.script))


def define(archive: Archive, env: Mapping[str, str], database: str, words: tuple[str, ...]) -> None:
    """Makes everything that comes before the rows; THE_REST is for pg_restore. Raises BackupError with psql's words."""
    told = archive.run_pg_restore("--section=pre-data", "--file=-", "--no-subscriptions", *words)
    argv = [str(archive.programs / "psql"), "-Xqv", "ON_ERROR_STOP=1", "--no-password", "-d", database]
    done = subprocess.run(
        argv,
        env=dict(env),
        input=without_versions(told).encode(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
        process_group=0,
    )
    if done.returncode:
        said = done.stderr.decode(errors="replace").splitlines()
        raise complaints.read(said, env).error(
            BackupError,
            f"psql of {archive.path.name}",
            "a dump that can be restored here",
            "./invoke logs -s postgres",
            said[-20:],
        )


def without_versions(sql: str) -> str:
    """pg_restore's SQL without them, and without the setting that a server before 17 refuses; bodies stay whole."""
    parts = schema.BODY.split(sql)  # text, body, its tag, text, …
    return "".join(
        part if index % 3 else OPTIONS.sub(others, part).replace(f"\n{older.UNKNOWN}\n", "\n", 1)
        for index, part in enumerate(parts)
        if index % 3 < 2
    )


def others(match: re.Match[str]) -> str:
    """The statement with the options that somebody has set, if there are any."""
    kept = [option for option in match[2].split(", ") if not option.startswith(VERSION)]
    return f"{match[1]}{', '.join(kept)});\n" if kept else ""
