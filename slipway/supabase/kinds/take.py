"""The schema of a project as migrations that nobody has recorded: dumped as of one moment, a file per kind of object."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from slipway.data.backups import dump, manifest, snapshot
from slipway.data.backups.snapshot import Snapshot
from slipway.data.endpoints import Emit, Endpoints
from slipway.data.postgres import connection
from slipway.data.postgres import programs as postgres_programs
from slipway.data.progress import progress
from slipway.data.restore import archive
from slipway.data.restore.archive import Archive
from slipway.data.sql import split
from slipway.supabase import platform, source
from slipway.supabase.copying import entries, leave, prelude, reading
from slipway.supabase.history import text
from slipway.supabase.kinds import cut, look
from slipway.supabase.kinds.cut import File

STEP = 10  # between the numbers of two files
# As pg_dump sets it: names in a dump have their schema, and the same name of another schema is not meant.
NO_PATH = "SET LOCAL search_path = ''"
# What a dump says to its session, which no object is: SET, and SELECT set_config.
TO_SESSION = ("SET", "SELECT")


@dataclass(frozen=True)
class Kind:
    """One file to write: its number, its name and its statements."""

    number: str
    name: str
    statements: tuple[str, ...]


def take(ends: Endpoints, emit: Emit) -> tuple[list[Kind], tuple[str, ...]]:
    """The files in order, and what of the team's stays on the platform, in words."""
    source.refuse_pooled(ends.supabase.db_url)
    with source.open_source(ends.supabase.db_url) as conn:
        source.refuse_blind(conn, tuple(leave.LEFT))
    with connection.connect(ends.migrate_url, "MIGRATE_DATABASE_URL", purpose="slipway supabase") as target:
        offered, server = archive.available(target), target.info.server_version // 10000
    way = reading.way_to(ends)
    progress(emit, "dumping the schema", 0, 0, "")
    with snapshot.open_snapshot(way) as taken, tempfile.TemporaryDirectory(prefix="slipway-kinds-") as folder:
        major = taken.conn.info.server_version // 10000
        source.refuse_newer(major, server)
        programs = postgres_programs.folder(ends, major, "pg_dump", "pg_restore")
        path = Path(folder)
        with dump.run_dump(programs, way, taken.name, path / manifest.DUMP, "slipway supabase", "--schema-only") as run:
            while not run.over(1):
                pass
            run.check()
        return read(taken, Archive(path, {}, programs), offered)


def read(taken: Snapshot, opened: Archive, offered: set[str]) -> tuple[list[Kind], tuple[str, ...]]:
    conn = taken.conn
    conn.execute("SET LOCAL search_path = ''")
    wanted, missing = prelude.wanted(conn, offered)
    left = leave.look(conn, missing)
    names = [name for (name,) in conn.execute(reading.TEAMS_ROLES) if not platform.owns_role(name)]
    made, schemas = look.extensions(conn, wanted)
    listing = opened.run_pg_restore("--list", "--verbose")
    listed = cut.kept(cut.read(listing), entries.chosen(listing, left), look.platforms(conn))
    files = cut.cut([each for each in listed if each.object not in schemas])
    parts = [
        ("roles", look.roles(conn, names)),
        ("extensions", made),
        *((each.kind, printed(opened, each)) for each in files),
        ("grants", look.grants(conn, names, left.objects)),
    ]
    return list(numbered([(name, statements) for name, statements in parts if statements])), left.told


def printed(opened: Archive, file: File) -> list[str]:
    """The statements of a file as pg_restore prints them."""
    numbers = opened.path / "numbers"
    numbers.write_text("".join(f"{number};\n" for number in file.numbers))
    words = ("--file=-", "--no-owner", "--no-privileges", f"--use-list={numbers}")
    pieces = split.pieces((opened.run_pg_restore(*words).encode(),), alone=True)
    found = [each.text.decode() for each in pieces if each.kind == "sql" and each.words[0] not in TO_SESSION]
    # A body may name what a later file makes.
    first = [NO_PATH, text.UNCHECKED] if file.kind == "functions" else [NO_PATH]
    return [*first, *(each.strip().removesuffix(";") for each in found)]


def numbered(parts: list[tuple[str, list[str]]]) -> Iterator[Kind]:
    """Each part with its number; the second one of a name is called NAME_2."""
    for at, (name, statements) in enumerate(parts, 1):
        before = sum(other == name for other, _ in parts[:at])
        yield Kind(f"{at * STEP:03d}", name if before == 1 else f"{name}_{before}", tuple(statements))
