"""Prisma Migrate: `TIMESTAMP_name/migration.sql`, with a `down.sql` beside it where somebody wrote one."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from slipway.data.migrations.imports.model import (
    Applied,
    Foreign,
    Part,
    Read,
    Rows,
    Theirs,
    Tool,
    checksums,
    edited,
    listed,
    only_in_the_database,
    plain_name,
    read_text,
    refuse,
    stopped,
    way_back,
)

NAME = re.compile(r"(?P<number>[0-9]*)_?(?P<name>.*)", re.DOTALL)
PROVIDER = re.compile(r'^\s*provider\s*=\s*"(?P<name>[^"]*)"', re.M)
LOCK, SCRIPT, BACK = "migration_lock.toml", "migration.sql", "down.sql"
TABLE = "_prisma_migrations"


def read(folder: Path, label: str) -> Read:
    """Its migrations in the order of their directories' names. Raises MigrationError for one without SQL."""
    found, passed = [], []
    for path in listed(folder, label):
        name = f"{label}/{path.name}"
        if path.name == LOCK:
            check_provider(path, name)
        elif path.is_dir():
            found.append(convert(path, name))
        elif path.suffix == ".sql":
            passed.append(name)
    return Read(tuple(found), tuple(passed))


def check_provider(path: Path, label: str) -> None:
    """Raises MigrationError when the migrations were written for another database."""
    match = PROVIDER.search(read_text(path, label).decode())
    if match and match["name"] not in ("postgresql", "postgres"):
        raise refuse(label, f"provider {match['name']}", "postgresql", "write the migrations for PostgreSQL")


def convert(path: Path, label: str) -> Theirs:
    if not (path / SCRIPT).is_file():
        other = next((each.name for each in listed(path, label) if each.suffix in (".js", ".ts", ".mjs", ".mts")), "")
        where, found = (f"{label}/{other}:1", "a migration in a program") if other else (f"{label}/", f"no {SCRIPT}")
        raise refuse(where, found, f"{label}/{SCRIPT}", f"write what it does as SQL in {label}/{SCRIPT}")
    match = NAME.fullmatch(path.name)
    text = read_text(path / SCRIPT, f"{label}/{SCRIPT}")
    back = read_text(path / BACK, f"{label}/{BACK}") if (path / BACK).is_file() else b""
    return Theirs(
        path.name,
        match["number"],
        plain_name(match["name"]),
        f"{label}/{SCRIPT}",
        Part(text),
        way_back(Part(back, origin=f"{label}/{BACK}")),
        checksums(text, lambda content: hashlib.sha256(content).hexdigest()),
    )


def applied(rows: Rows, files: Mapping[str, Foreign]) -> Applied:
    """Those that were finished and not rolled back; one that is neither stopped in its middle."""
    versions, notes = set(), []
    for name, finished, rolled_back, kept in rows:
        if rolled_back:
            continue
        if not finished:
            raise stopped("Prisma", TABLE, name, f"finish or undo it, then: prisma migrate resolve --applied {name}")
        if name not in files:
            raise only_in_the_database("Prisma", TABLE, name)
        if kept not in files[name].checksums:
            notes.append(edited("Prisma", files[name].origin))
        versions.add(name)
    return Applied(frozenset(versions), tuple(notes))


COLUMNS = {"migration_name": "text", "finished_at": "text", "rolled_back_at": "text", "checksum": "text"}
TOOL = Tool("prisma", read, TABLE, COLUMNS, "started_at", applied)
