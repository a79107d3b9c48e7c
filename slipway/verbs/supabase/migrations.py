"""`supabase.migrations`: the project's history, or its schema by kinds, as files, proven on an empty database, and recorded in the copy."""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from pathlib import Path

from slipway.data.fixtures import load as fixtures
from slipway.data.migrations.imports import place
from slipway.data.verb import Nothing
from slipway.data.wire import encode
from slipway.environment import ROOT, Environment, enter
from slipway.errors import MigrationError, VerificationError
from slipway.plan import Plan, Progress, Silent, Step, apply, guard_steps
from slipway.supabase.history import text
from slipway.supabase.history.interface import FIXTURES as SEEDS
from slipway.supabase.history.interface import HISTORY, MIGRATIONS, Extract, History, Prove, Proven, Seed
from slipway.supabase.history.text import Written
from slipway.supabase.prelude import files as prelude
from slipway.system import inherited
from slipway.system.process import end_all

FOLDER, FIXTURES = "migrations", "fixtures"


def run(on: str, reporter, to: str = "", tables: str = "", database: str = "", wait: float = 0) -> None:
    """Writes what is not there yet. A difference from the copy is a VerificationError (exit 8), and nothing is recorded."""
    env = enter(on)
    folder = inherited.path_of(to) if to else ROOT / FOLDER
    reporter.header(env.header)
    done: list[Proven] = []
    with env.engine.hold_lock("supabase.migrations", wait, env.flag) as check:
        found = env.engine.inside(HISTORY, Nothing(), Silent())
        written = [text.write(each) for each in found.migrations]
        seeds = extract(env, tables, database)
        missing = look(folder, found, written)
        place.write(folder, missing)
        tell(reporter, folder, found, written, missing)
        with env.engine.deliver_files(folder, Silent()) as delivered:

            def prove(progress: Progress) -> str:
                asked = Prove(delivered, getpass.getuser(), database, adopt=not to, public=not found.recorded)
                done.append(env.engine.inside(MIGRATIONS, asked, progress))
                return f"{len(done[0].differences)} differences"

            step = Step("prove the migrations", "an empty database against the copy", prove)
            apply(guard_steps(Plan(((step,),)), check), reporter, end_all)
    refuse_differences(done[0], folder.name)
    for name in done[0].masked:
        reporter.line(f"  ! {name} holds a secret: its body was not compared")
    write_fixtures(reporter, seeds, folder.parent / FIXTURES if to else ROOT / FIXTURES)
    then = f"from {folder.name}/ nothing was recorded" if to else f"{len(done[0].adopted)} are recorded in it"
    reporter.done(
        f"{len(missing)} files written; they give the copy's schema, and {then}.",
        files=sorted(missing),
        proven=encode(done[0]),
    )


def look(folder: Path, found: History, written: Sequence[Written]) -> dict[str, bytes]:
    """The files to write, by name: those whose number is not there. Raises MigrationError for others' files."""
    there = place.read(folder)
    numbers = {int(each.version) for each in found.migrations}
    others = [each for each in there if each.version not in numbers and each.name != prelude.NAME]
    if others:
        raise MigrationError(
            others[0].label,
            "is no migration of the project",
            "a directory for the project's migrations alone",
            "git rm the example's migrations, or --to DIR for a directory of its own",
        )
    known = {each.version for each in there}
    missing = {
        file.name: file.text.encode()
        for each, file in zip(found.migrations, written, strict=True)
        if int(each.version) not in known
    }
    if any(each.name == prelude.NAME for each in there):
        return missing
    pair = prelude.pair((), (), found.explicit, folder.name)
    return {name: content.encode() for name, content in pair.items()} | missing


def tell(reporter, folder: Path, found: History, written: Sequence[Written], missing: dict[str, bytes]) -> None:
    """What was written and what was left out, and which settings stand for secrets."""
    if not found.recorded:
        reporter.line("  the project has recorded no migrations: its schema is written, a file per kind of object")
    for each in found.left:
        reporter.line(f"  ! {each}: stays on the platform")
    for name in sorted(missing):
        reporter.line(f"  wrote {folder.name}/{name}")
    for each in written:
        for sentence in each.left:
            reporter.line(f"  ! {sentence}")
    for each in found.migrations:
        for setting in each.settings:
            reporter.line(
                f"  ! {each.version}: ${{{setting}}} stands for a secret; let the code read it from a setting"
            )


def extract(env: Environment, tables: str, database: str) -> tuple[Seed, ...]:
    """The tables as seed data; those without a schema are in public, as fixtures name them."""
    names = tuple(filter(None, tables.split(",")))
    return env.engine.inside(SEEDS, Extract(names, database), Silent()).seeds if names else ()


def write_fixtures(reporter, seeds: Sequence[Seed], folder: Path) -> None:
    """Writes NNN_table.csv for each table that no fixture has yet, in the order that they were asked for."""
    there = fixtures.read(folder)
    after = max((each.number for each in there), default=0) + 1
    fresh = [each for each in seeds if each.table not in {one.table for one in there}]
    files = {f"{number:03d}_{each.table}.csv": each.csv.encode() for number, each in enumerate(fresh, after)}
    place.write(folder, files)
    for name, each in zip(files, fresh, strict=True):
        reporter.line(f"  wrote {folder.name}/{name}, {each.rows:,} rows, times in UTC")
        for setting in each.settings:
            reporter.line(f"  ! {folder.name}/{name}: ${{{setting}}} stands for a secret")


def refuse_differences(proven: Proven, folder: str) -> None:
    if proven.differences:
        raise VerificationError(
            "the written migrations",
            proven.differences[0],
            "the schema of the copy; nothing was recorded",
            f"edit {folder}/, which keeps what is in it, then the same command again",
            proven.differences[1:],
        )
