"""Migration files as plain data, and what may be done with them: no database here.

File names, numbering and the advisory lock are golang-migrate's (its README and database/util.go), so that both tools
can work on one directory and one database.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from slipway.errors import MigrationError

UP = re.compile(r"(?P<version>[0-9]+)_(?P<name>.*)\.up\.sql")
DOWN = re.compile(r"(?P<version>[0-9]+)_(?P<name>.*)\.down\.sql")
PLAIN = re.compile(r"(?P<version>[0-9]+)_(?P<name>.+)\.sql")
LARGEST = 2 ** 63 - 1               # schema_migrations.version is a bigint
LOCK_SALT = 1486364155              # golang-migrate's advisoryLockIDSalt
NAME_FORM = "NNN_name.up.sql, NNN_name.down.sql or NNN_name.sql"


@dataclass(frozen=True)
class Migration:
    """One step upwards: its number, its file and what is in it. `label` is what messages call the file."""
    version: int
    name: str
    label: str
    sha256: str
    sql: str


@dataclass(frozen=True)
class Applied:
    """One row of the history."""
    version: int
    name: str
    sha256: str


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
    return zlib.crc32("\0".join(names).encode()) * LOCK_SALT % 2 ** 32


def fingerprint(content: bytes) -> str:
    """The sha256 of a file, the same whether git checked it out with Unix or Windows line ends."""
    return hashlib.sha256(content.replace(b"\r\n", b"\n")).hexdigest()


def read(folder: Path | None) -> tuple[tuple[Migration, ...], tuple[Problem, ...]]:
    """The upward migrations of a folder by number, and everything in it that cannot be understood."""
    if folder is None:
        return (), ()
    if not folder.is_dir():
        return (), (Problem(f"{folder.name}/", "no such directory", "the directory of the migrations",
                            f"mkdir {folder.name}"),)
    found: list[Migration] = []
    problems: list[Problem] = []
    for path in sorted(folder.iterdir()):
        each = read_file(path) if path.suffix.lower() == ".sql" else None
        if isinstance(each, Problem):
            problems.append(each)
        elif each:
            found.append(each)
    found.sort(key=lambda migration: migration.version)
    return tuple(found), tuple(problems + duplicates(found))


def read_file(path: Path) -> Migration | Problem | None:
    """One file as a migration, as a problem, or as nothing when it is a downward one."""
    label = f"{path.parent.name}/{path.name}"
    if DOWN.fullmatch(path.name):
        return None
    match = UP.fullmatch(path.name) or PLAIN.fullmatch(path.name)
    if not match:
        return Problem(label, "not a migration's name", NAME_FORM, f"rename or move {label}")
    version = int(match["version"])
    if version > LARGEST:
        return Problem(label, f"number {version}", f"a number up to {LARGEST}", f"rename {label}")
    try:
        content = path.read_bytes()
        return Migration(version, match["name"], label, fingerprint(content), content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = content[:error.start].count(b"\n") + 1
        return Problem(f"{label}:{line}", f"byte 0x{content[error.start]:02x} is not UTF-8", "SQL in UTF-8",
                       f"save {label} as UTF-8")
    except OSError as error:
        return Problem(label, f"cannot be read: {error.strerror}", "a readable file", f"ls -l {label}")


def duplicates(found: Iterable[Migration]) -> list[Problem]:
    """One problem for each number that two files have; 1 and 001 are the same number."""
    first: dict[int, str] = {}
    problems: list[Problem] = []
    for each in found:
        if each.version in first:
            problems.append(Problem(each.label, f"number {each.version} is already that of {first[each.version]}",
                                    "one file for each number", f"rename {each.label}"))
        first.setdefault(each.version, each.label)
    return problems


def compare(files: Iterable[Migration], history: Mapping[int, Applied]) -> tuple[Problem, ...]:
    """What stands between the files and the history: edited, missing and out-of-order files, in that order."""
    known = {each.version: each for each in files}
    newest = max(history, default=-1)
    edited = [edited_file(known[v], row) for v, row in sorted(history.items())
              if v in known and known[v].sha256 != row.sha256]
    missing = [missing_file(row) for v, row in sorted(history.items()) if v not in known]
    late = [late_file(each, newest) for v, each in sorted(known.items()) if v not in history and v < newest]
    return tuple(edited + missing + late)


def pending(files: Iterable[Migration], history: Mapping[int, Applied]) -> tuple[Migration, ...]:
    """The files that the database has not had, in order."""
    return tuple(sorted((each for each in files if each.version not in history), key=lambda each: each.version))


def edited_file(file: Migration, row: Applied) -> Problem:
    return Problem(file.label, "was edited after it was applied "
                   f"(sha256 {file.sha256[:12]}, the database has {row.sha256[:12]})",
                   "applied files stay as they were; a change is a new file",
                   f"git log -p {file.label}, put it back, and write the change as a new migration")


def missing_file(row: Applied) -> Problem:
    return Problem(f"migration {row.version}", f"the database has {row.version}_{row.name}, the directory does not",
                   "every applied migration in the directory", "git pull (this release is older than the database)")


def late_file(file: Migration, newest: int) -> Problem:
    return Problem(file.label, f"comes before {newest}, which is already applied", f"a number above {newest}",
                   f"rename {file.label}")
