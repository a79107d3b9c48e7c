"""Archives of pg_dump, restored into the server of the dumps. The first error ends it: nothing is passed over unsaid."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from slipway.data.endpoints import Secret
from slipway.data.postgres import programs as postgres_programs
from slipway.data.restore import filling
from slipway.errors import BackupError, SettingsError
from slipway.supabase import platform
from slipway.supabase.copying import prelude

if TYPE_CHECKING:
    import psycopg

LINE = re.compile(r"(?m)^(\d+); \d+ \d+ (.*)$")
VERSION = re.compile(r"(?m)^; +Dumped from database version: (\d+)")
SECTIONS = ("pre-data", "data", "post-data")  # of all archives: a key of one may lead to a table of another
EXTENSION = re.compile(r"(?:EXTENSION - |COMMENT - EXTENSION )(\S+) ")
SCHEMA = re.compile(r"SCHEMA - (.*) \S+$")
# Of an entry its schema, where that bears a name of the platform's.
OF = re.compile(rf"(?:[A-Z]+ )+(?:- SCHEMA )?({'|'.join(sorted(platform.SCHEMAS))}) ")
FOREIGN = re.compile(r"(?:COMMENT - )?(?:FOREIGN DATA WRAPPER|SERVER|USER MAPPING|FOREIGN TABLE) ")
TABLE = re.compile(r"(?m)^\d+; \d+ \d+ TABLE (\S+) (\S+) \S+$")
TAR = "Format: TAR"
WRAPPERS = "wrappers"  # the extension that gives foreign data wrappers their code
FROM = re.compile(r"from TOC entry \d+; \d+ \d+ (.*)")
DEFAULT = ("pgcrypto", "uuid-ossp")  # an archive of chosen schemas has no extensions: those that each project has
SERVER = "the server of the dumps"
SILENT = "-c session_replication_role=replica"  # of sessions that load rows: they come as they are, no trigger fires


@dataclass(frozen=True)
class Archive:
    """One archive: its list, and the version of the server that it is of."""

    programs: Path
    path: Path
    listing: str

    @property
    def entries(self) -> dict[int, str]:
        return {int(number): text for number, text in LINE.findall(self.listing)}

    @property
    def has_no_jobs(self) -> bool:
        """Whether it is of the tar format, in which nothing can be looked for."""
        return TAR in self.listing

    @property
    def major(self) -> int:
        """Of the server that was dumped; 0 where the archive does not say it."""
        found = VERSION.search(self.listing)
        return int(found[1]) if found else 0

    @cached_property
    def script(self) -> str:
        """Its definitions as SQL."""
        return run(self, {}, "--schema-only", "--file=-")

    @property
    def tables(self) -> set[tuple[str, str]]:
        """Those that it makes, and that have no blank in their names."""
        return set(TABLE.findall(self.listing))

    def has(self, entry: re.Pattern[str]) -> bool:
        return any(entry.match(text) for text in self.entries.values())


def read(programs: Path, path: Path, major: int) -> Archive:
    """The archive, for a server of that major version. Raises BackupError where it is damaged, SettingsError where newer."""
    found = Archive(programs, path, run(Archive(programs, path, ""), {}, "--list"))
    refuse_newer(path, found.major, major)
    return found


def refuse_newer(path: Path, wrote: int, major: int) -> None:
    if wrote > major:
        raise SettingsError(
            path.name,
            f"of PostgreSQL {wrote}, and the stack has {major}",
            f"PostgreSQL {wrote} or newer",
            f"POSTGRES_VERSION={wrote} in .env, before anything is in it",
        )


def run(archive: Archive, env: dict[str, str], *words: str) -> str:
    """What pg_restore prints. Raises BackupError with the entry at which it ended, and why."""
    done = subprocess.run(
        [str(archive.programs / "pg_restore"), *words, str(archive.path)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        env=(env or os.environ) | {"LC_ALL": "C"},
    )
    if done.returncode:
        at = FROM.findall(done.stderr.decode(errors="replace"))
        raise BackupError(
            f"{archive.path.name}, {at[-1]}" if at else archive.path.name,
            postgres_programs.last_words(done.stderr, env),
            "an archive that is whole, and an image of Postgres that has the extensions that it needs",
            "the whole archive, from where it was copied; what it counts on besides as a .sql beside it",
        )
    return done.stdout.decode(errors="replace")


def restore(conn: psycopg.Connection, url: Secret, opened: list[Archive]) -> list[str]:
    """Restores all of them, section by section, into what is there already; what was left out of them."""
    offered = offers(conn)
    if opened and not any(each.has(EXTENSION) for each in opened):
        prelude.make_extensions(conn, dict.fromkeys(offered & {*DEFAULT}, platform.EXTENSIONS), "postgres")
    chosen = [choose(each, offered, there(conn)) for each in opened]
    for section in SECTIONS:
        for archive, (numbers, _) in zip(opened, chosen, strict=True):
            restore_section(archive, url, section, numbers)
    return [
        f"{archive.path.name}: {note}" for archive, (_, notes) in zip(opened, chosen, strict=True) for note in notes
    ]


def offers(conn: psycopg.Connection) -> set[str]:
    """The extensions that are made here: none that a copy leaves out, since those want a server that was started for them."""
    return {name for (name,) in conn.execute("SELECT name FROM pg_available_extensions")} - prelude.LEFT


def there(conn: psycopg.Connection) -> set[str]:
    return {name for (name,) in conn.execute("SELECT nspname FROM pg_namespace")}


def choose(archive: Archive, offered: set[str], schemas: set[str]) -> tuple[list[int], list[str]]:
    """Numbers of the entries to restore, and what to say of the others. Pure.

    An extension that is not here stays out, and with it the rows of its tables in the platform's own schemas.
    """
    made = {match[1] for text in archive.entries.values() if (match := SCHEMA.match(text))}
    known = made | schemas
    missing = {name for name in extensions(archive) if name.strip('"') not in offered}
    numbers, notes = [], []
    for number, text in archive.entries.items():
        extension, schema = EXTENSION.match(text), SCHEMA.match(text)
        named = OF.match(text)
        of = named[1] if named and named[1] not in known else ""
        if extension and extension[1] in missing:
            notes += [f"extension {extension[1]} is not here"] if text.startswith("EXTENSION") else []
        elif (schema and schema[1] in schemas) or text.startswith("SUBSCRIPTION "):
            continue
        elif of:
            notes += [f"rows of {text.split()[3]} in {of} are not here"] if text.startswith("TABLE DATA") else []
        elif FOREIGN.match(text) and WRAPPERS in missing:
            notes.append(f"left out, since wrappers is not here: {text.lower()}")
        else:
            numbers.append(number)
    return numbers, notes


def extensions(archive: Archive) -> set[str]:
    return {match[1] for text in archive.entries.values() if (match := EXTENSION.match(text))}


def restore_section(archive: Archive, url: Secret, section: str, numbers: list[int]) -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".list") as chosen:
        chosen.writelines(f"{number};\n" for number in numbers)
        chosen.flush()
        jobs = () if section == "pre-data" or archive.has_no_jobs else (f"--jobs={filling.jobs()}",)
        env = postgres_programs.environment(url, SERVER, "postgres")
        if section == "data":
            env["PGOPTIONS"] += f" {SILENT}"
        words = ("--exit-on-error", f"--section={section}", f"--use-list={chosen.name}", "--dbname=postgres", *jobs)
        run(archive, env, *words)
