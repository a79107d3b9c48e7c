"""`db.import`: another tool's migrations as files of ours, and its history in ours."""

from __future__ import annotations

import getpass
from dataclasses import dataclass, replace
from pathlib import Path

from slipway.data.migrations.imports import convert, place, tools
from slipway.data.migrations.imports.convert import Ours
from slipway.data.migrations.interface import IMPORT, Import, Imported
from slipway.data.wire import encode
from slipway.environment import ROOT, Environment, enter
from slipway.errors import MigrationError
from slipway.plan import Plan, Progress, Silent, Step, apply
from slipway.system import inherited
from slipway.system.process import end_all


@dataclass(frozen=True)
class Found:
    """What the directory gives: the migrations, the files to write by name, and what its tool passes over as well."""

    folder: Path
    ours: tuple[Ours, ...]
    missing: dict[str, bytes]
    others: tuple[int, ...]
    passed: tuple[str, ...]


def run(
    on: str,
    reporter,
    tool: str,
    directory: str,
    table: str = "",
    files_only: bool = False,
    dry_run: bool = False,
    wait: float | None = None,
) -> None:
    """Writes what is not there yet, and records what the tool has run; nothing where anything is in the way."""
    found = look(tool, directory, ROOT / "migrations")
    if files_only:
        tell_files(reporter, found, dry_run)
        if not dry_run:
            place.write(found.folder, found.missing)
        reporter.line(f"  ! no database was asked: where {tool} has run them, import once more before ./invoke up")
        finish(reporter, found, None, dry_run)
        return
    env = enter(on)
    args = Import(getpass.getuser(), tool, tuple(each.foreign for each in found.ours), found.others, table)
    reporter.header(env.header)
    seconds = env.settings.gate_timeout if wait is None else wait
    with env.engine.hold_lock("db.import", seconds, env.flag):
        history = env.engine.inside(IMPORT, args, Silent())
        tell_files(reporter, found, dry_run)
        if not dry_run:
            apply(plan(env, found, replace(args, keep=True), history), reporter, end_all)
    tell_history(reporter, tool, history)
    finish(reporter, found, history, dry_run)


def look(tool: str, directory: str, folder: Path) -> Found:
    """Reads the directory and what is in `folder`. Raises MigrationError before anything is written."""
    known, source = tools.find(tool), inherited.path_of(directory)
    if source.resolve() == folder.resolve():
        raise MigrationError(
            f"{folder.name}/",
            f"is where {tool}'s migrations would be converted to",
            "them in a directory of their own",
            f"mkdir from-{tool}; mv them into it; then ./invoke db.import {tool} from-{tool}",
        )
    read = known.read(source, directory.rstrip("/") or "/")
    if not read.migrations:
        raise MigrationError(
            directory, f"no migration of {tool} is in it", "the directory of its migrations", f"ls {directory}"
        )
    ours = convert.convert(tool, read.migrations)
    there = place.read(folder)
    return Found(folder, ours, place.find_missing(there, ours, folder.name), place.others(there, ours), read.passed)


def plan(env: Environment, found: Found, args: Import, history: Imported) -> Plan:
    """The files and then the history: what stops between the two goes on when it is typed again."""

    def write(progress: Progress) -> str:
        place.write(found.folder, found.missing)
        return f"{len(found.missing)} files"

    def record(progress: Progress) -> str:
        return f"{len(env.engine.inside(IMPORT, args, progress).recorded)} as baseline"

    files = Step("db.import: files", "not there yet", write)
    rows = Step("db.import: history", f"as {history.table} says", record)
    return Plan(
        tuple((step,) for step, wanted in ((files, found.missing), (rows, history.recorded or history.aside)) if wanted)
    )


def tell_files(reporter, found: Found, dry_run: bool) -> None:
    word = "would write" if dry_run else "writes"
    for each in found.ours:
        for name in each.files:
            if name in found.missing:
                reporter.line(f"  {word} {found.folder.name}/{name}, from {each.theirs.origin}")
    for name in found.passed:
        reporter.line(f"  ! {name}: not a migration's name to that tool either, passed over")


def tell_history(reporter, tool: str, history: Imported) -> None:
    for note in history.notes:
        reporter.line(f"  ! {note}")
    if history.table is None:
        reporter.line(f"  ! no table of {tool} is in the database: nothing is taken as applied")
    elif history.aside:
        reporter.line(f"  ! {history.table} is {history.aside} from now on: {tool} does not find it any more")
    else:
        reporter.line(f"  {history.table} stays as it is; drop it when nobody uses {tool} any more")


def finish(reporter, found: Found, history: Imported | None, dry_run: bool) -> None:
    would = "would be " if dry_run else ""
    sentences = [f"{len(found.missing)} files {would}written for {len(found.ours)} migrations"]
    if history is not None:
        sentences.append(f"{len(history.recorded)} {would}recorded as applied, {len(history.pending)} pending")
    reporter.done(
        "; ".join(sentences) + ".",
        files=[f"{found.folder.name}/{name}" for name in found.missing],
        history=None if history is None else encode(history),
    )
