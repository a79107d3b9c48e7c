"""Migration files as plain data, and what may be done with them: no database here.

File names, numbering and the advisory lock are golang-migrate's (source/parse.go and database/util.go), so that both
tools can work on one directory and one database.
"""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from slipway.data.migrations import foreign
from slipway.data.sql import file, lexer
from slipway.data.sql.file import Source, fingerprint
from slipway.errors import MigrationError

__all__ = ["Applied", "Migration", "Problem", "find_pending", "fingerprint", "lock_key", "lock_number", "read"]

PAIRED = re.compile(r"(?P<version>[0-9]+)_(?P<name>.*)\.(?P<way>down|up)\.(?P<kind>.*)", re.DOTALL)
PLAIN = re.compile(r"(?P<version>[0-9]+)_(?P<name>.+)\.sql", re.DOTALL)
LARGEST = 2**63 - 1  # schema_migrations.version is a bigint
LOCK_SALT = 1486364155  # golang-migrate's advisoryLockIDSalt


@dataclass(frozen=True)
class Migration:
    """One version: its number, its name and its files. Either may be missing, as golang-migrate allows."""

    version: int
    name: str
    up: Source | None
    down: Source | None

    @property
    def label(self) -> str:
        """What messages call it: its upward file, or the downward one where there is no other."""
        return (self.up or self.down).label

    @property
    def sha256(self) -> str:
        return self.up.sha256 if self.up else fingerprint(b"")

    @property
    def sql(self) -> str:
        return self.up.text() if self.up else ""

    @property
    def path(self) -> Path:
        return (self.up or self.down).path

    @property
    def directives(self) -> frozenset[str]:
        return self.up.directives if self.up else frozenset()

    @property
    def transactional(self) -> bool:
        return transactional(self.up)


@dataclass(frozen=True)
class Applied:
    """One row of the history."""

    version: int
    name: str
    sha256: str
    applied_at: str = ""
    by: str = ""
    ms: float | None = None
    down_sha256: str = ""
    release: str = ""
    baseline: bool = False
    compatible: bool = False


@dataclass(frozen=True)
class Problem:
    """Why the files, or files and history together, cannot be run as they are."""

    where: str
    found: str
    expected: str
    next: str

    def __str__(self) -> str:
        return f"{self.where}: {self.found}"

    def error(self) -> MigrationError:
        return MigrationError(self.where, self.found, self.expected, self.next)


def lock_key(database: str, schema: str = "public", table: str = "schema_migrations") -> int:
    """The advisory lock key that golang-migrate takes for a database opened by URL."""
    return lock_number(schema, table, f"/{database}")


def lock_number(*names: str) -> int:
    """golang-migrate's number for a list of names, database last."""
    return zlib.crc32("\0".join(names).encode()) * LOCK_SALT % 2**32


def transactional(source: Source | None) -> bool:
    """Whether a file is run inside one transaction.

    Not when it says `-- slipway: no-transaction`, and not when all of it is one statement that refuses a transaction:
    golang-migrate runs such a file too.
    """
    return source is None or not (source.alone or "no-transaction" in source.directives)


def read(folder: Path | None) -> tuple[tuple[Migration, ...], tuple[Problem, ...]]:
    """The migrations of a folder by number, and everything in it that cannot be understood."""
    if folder is None:
        return (), ()
    label = f"{folder.name}/"
    try:
        names = sorted(os.listdir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return (), (Problem(label, "no such directory", "the directory of the migrations", f"mkdir {folder.name}"),)
    except OSError as error:
        return (), (Problem(label, *file.unreadable(error, label)),)
    ups: dict[int, tuple[str, Source]] = {}
    downs: dict[int, tuple[str, Source]] = {}
    problems: list[Problem] = []
    for name in names:
        found = read_file(folder, name)
        if isinstance(found, Problem):
            problems.append(found)
        elif found:
            version, way, title, source = found
            problems += place_file(downs if way == "down" else ups, version, title, source)
    versions = sorted(ups.keys() | downs.keys())
    return tuple(pair_files(version, ups.get(version), downs.get(version)) for version in versions), tuple(problems)


def pair_files(version: int, up: tuple[str, Source] | None, down: tuple[str, Source] | None) -> Migration:
    return Migration(version, (up or down)[0], up and up[1], down and down[1])


def place_file(side: dict[int, tuple[str, Source]], version: int, title: str, source: Source) -> list[Problem]:
    """Files it under its number, or says which file has that number already; 1 and 001 are the same."""
    if version in side:
        return [
            Problem(
                source.label,
                f"number {version} is already that of {side[version][1].label}",
                "one file for each number",
                f"rename {source.label}",
            )
        ]
    side[version] = title, source
    return []


def read_file(folder: Path, name: str) -> tuple[int, str, str, Source] | Problem | None:
    """One file as number, way, name and content, as a problem, or as nothing when it is no migration."""
    if file.is_leftover(name):
        return None
    match = PAIRED.fullmatch(name) or PLAIN.fullmatch(name)
    label = f"{folder.name}/{name}"
    if not match:
        return misplaced(folder, name, label)
    version, parts = int(match["version"]), match.groupdict()
    if version > LARGEST:
        return Problem(label, f"number {version}", f"a number up to {LARGEST}", f"rename {label}")
    try:
        source = file.examine(f"{folder}/{name}", label)
    except file.BadText as error:
        return Problem(f"{label}:{error.args[0]}", error.args[1], "SQL in UTF-8", f"save {label} as UTF-8")
    except OSError as error:
        return Problem(label, *file.unreadable(error, label))
    if source.tool:
        return Problem(label, *foreign.by_marks(source.tool, label))
    unknown = sorted(source.directives - set(lexer.DIRECTIVES))
    if unknown:
        return Problem(
            label, f"unknown directive: -- slipway: {unknown[0]}", ", ".join(lexer.DIRECTIVES), f"edit {label}"
        )
    return version, parts.get("way", "up"), match["name"], source


def misplaced(folder: Path, name: str, label: str) -> Problem | None:
    """What is wrong with a name that is no migration's; None for what has nothing to do with migrations."""
    if told := foreign.by_name(folder, name, label):
        return Problem(f"{label}/" if os.path.isdir(f"{folder}/{name}") else label, *told)
    if not name.lower().endswith(".sql"):
        return None
    with suppress(file.BadText, OSError):
        if tool := file.examine(f"{folder}/{name}", label).tool:
            return Problem(label, *foreign.by_marks(tool, label))
    return Problem(label, "not a migration's name", foreign.FORM, f"rename or move {label}")


def find_pending(files: Iterable[Migration], history: Mapping[int, Applied]) -> tuple[Migration, ...]:
    """The files that the database has not had, in order."""
    return tuple(sorted((each for each in files if each.version not in history), key=lambda each: each.version))
