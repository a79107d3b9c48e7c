"""`supabase.prelude`: the platform's own parts as a migration, before those of the team."""

from __future__ import annotations

from collections.abc import Iterator

from slipway.data.migrations.imports import place, tools
from slipway.environment import ROOT
from slipway.errors import MigrationError
from slipway.supabase.prelude import files
from slipway.system import inherited

FOLDER = "migrations"


def run(on: str, reporter, directory: str = "", extensions: str = "", explicit: bool = False) -> None:
    """Writes NNN_supabase_prelude into migrations/; nothing where a migration needs what only the platform has."""
    there = place.read(ROOT / FOLDER)
    texts = read(directory) if directory else ((each.label, each.sql) for each in there)
    pair = files.pair(there, filter(None, extensions.split(",")), explicit, FOLDER)
    files.refuse_needs(texts)
    place.write(ROOT / FOLDER, {name: text.encode() for name, text in pair.items()})
    for name in pair:
        reporter.line(f"  wrote {FOLDER}/{name}")
    reporter.done(
        f"{FOLDER}/{next(iter(pair))} comes before the team's: ./invoke db.import supabase {directory or 'DIR'} "
        "writes those; ./invoke up runs them.",
        files=[f"{FOLDER}/{name}" for name in pair],
    )


def read(directory: str) -> Iterator[files.Text]:
    """The migrations of a directory of the Supabase CLI's. Raises MigrationError where there is none."""
    found = tools.find("supabase").read(inherited.path_of(directory), directory.rstrip("/") or "/")
    if not found.migrations:
        raise MigrationError(directory, "no migration in it", "a project's supabase/migrations", f"ls {directory}")
    return ((each.origin, each.up.text.decode()) for each in found.migrations)
