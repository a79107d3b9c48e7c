"""What a backup's dump holds, asked of pg_restore: its entries, and its schema as a script."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from slipway.data.backups import manifest
from slipway.data.endpoints import Endpoints
from slipway.data.postgres import extensions
from slipway.data.postgres import programs as postgres_programs
from slipway.data.restore import people
from slipway.errors import BackupError, SettingsError

if TYPE_CHECKING:
    import psycopg

ENTRY = re.compile(r"(?m)^(\d+); \d+ \d+ (.*)$")
COMPRESSION = re.compile("this build does not support compression with [a-z0-9]+")
# An extension, its comment, and grants on what it makes, which has its name.
BELONGS = r"EXTENSION - {0} |COMMENT - EXTENSION {0} |ACL \S+ (TABLE|COLUMN|FUNCTION) {0}(_info|_reset)?[ .(]"
BLOB = re.compile(r"BLOB(?: METADATA)? - \S+ (.*)")


@dataclass(frozen=True)
class Archive:
    """One backup: its directory, its manifest, and the programs that can read its dump."""

    path: Path
    manifest: dict
    programs: Path

    @property
    def dump(self) -> Path:
        return self.path / manifest.DUMP

    @property
    def globals(self) -> str:
        """Roles of the server that was backed up; empty where the backup has none."""
        try:
            return (self.path / manifest.GLOBALS).read_text(encoding="utf-8")
        except FileNotFoundError:
            return ""

    @cached_property
    def entries(self) -> dict[int, str]:
        """Number and description ("TABLE DATA public users shop_owner") of everything in the dump, in its order."""
        return {int(number): text for number, text in ENTRY.findall(self.run_pg_restore("--list"))}

    @cached_property
    def script(self) -> str:
        """The schema as SQL, the database's own settings and grants included; no row."""
        return self.run_pg_restore("--schema-only", "--create", "--file=-")

    @cached_property
    def roles(self) -> set[str]:
        """The roles that it names. Those of large objects stand in the list alone, for these are data."""
        return people.named_roles(self.script) | {
            match[1] for text in self.entries.values() if (match := BLOB.match(text))
        }

    def run_pg_restore(self, *words: str) -> str:
        """What pg_restore prints of this dump. Raises BackupError with its last words, SettingsError where this pg_restore
        was built without the dump's compression."""
        done = subprocess.run(
            [str(self.programs / "pg_restore"), *words, str(self.dump)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            env=os.environ | {"LC_ALL": "C"},
        )
        if done.returncode:
            raise unreadable(self, postgres_programs.last_words(done.stderr, {}))
        if lacking := COMPRESSION.search(done.stderr.decode(errors="replace")):
            raise SettingsError(
                str(self.programs / "pg_restore"),
                lacking[0],
                "one that has the compression of the dump",
                "restore on the docker engine, or set PG_BIN to the programs of your distribution",
            )
        return done.stdout.decode(errors="replace")


def open_archive(ends: Endpoints, path: Path, found: dict, major: int, *programs: str) -> Archive:
    """The backup in `path`, with the programs for a server of that major version.

    Raises SettingsError where they are not here, BackupError where the backup holds no database.
    """
    if manifest.DUMP not in found["files"]:
        raise BackupError(
            f"backup {path.name}", "it holds no database", "a backup with database.dump", "./invoke backups.list"
        )
    return Archive(
        path, found, postgres_programs.folder(ends, major, "pg_restore", *programs, wrote=manifest.writer(found))
    )


def unreadable(archive: Archive, said: str) -> BackupError:
    return BackupError(
        f"{archive.path.name}/{manifest.DUMP}",
        said,
        "a dump that this pg_restore reads",
        "restore where the programs are as new as those that wrote it, compression included",
    )


def refuse_unfit(archive: Archive, server: int, available: set[str]) -> list[str]:
    """Raises BackupError for a server that is older than the dump or lacks its extensions.

    Returns the extensions that are left out, because nothing is lost without them.
    """
    where, major = f"backup {archive.path.name}", archive.manifest["server_version_num"] // 10000
    if server < major:
        raise BackupError(
            where,
            f"taken from PostgreSQL {major}; this server is {server}",
            f"PostgreSQL {major} or newer",
            f"set POSTGRES_VERSION={major}, or upgrade the server",
        )
    missing = sorted(set(archive.manifest["extensions"]) - available)
    if lost := [name for name in missing if name not in extensions.OPTIONAL]:
        raise BackupError(
            where,
            f"needs extensions that this server does not have: {', '.join(lost)}",
            "a server on which they are installed",
            "SELECT name FROM pg_available_extensions shows what it has",
        )
    return missing


def available(conn: psycopg.Connection) -> set[str]:
    """The extensions that a server could make."""
    return {row[0] for row in conn.execute("SELECT name FROM pg_available_extensions")}


def selection(
    archive: Archive, without: list[str], tables: list[tuple[str, str]], schema_only: bool
) -> list[int] | None:
    """Numbers of the entries to restore, or None for all of them.

    Of chosen tables: the whole schema, the rows of these, and no foreign key, since it may lead to rows left behind.
    """
    left_out = [re.compile(BELONGS.format(re.escape(name))) for name in without]
    rows = tuple(f"TABLE DATA {schema} {name} " for schema, name in tables)

    def is_wanted(text: str) -> bool:
        if any(each.match(f"{text} ") for each in left_out):
            return False
        if text.startswith(("TABLE DATA ", "BLOBS ", "BLOB ", "BLOB METADATA ", "SEQUENCE SET ")) and schema_only:
            return False
        if tables and text.startswith(("FK CONSTRAINT ", "BLOBS ", "BLOB ")):
            return False
        return not (tables and text.startswith("TABLE DATA ")) or text.startswith(rows)

    chosen = [number for number, text in archive.entries.items() if is_wanted(text)]
    return None if len(chosen) == len(archive.entries) else chosen
