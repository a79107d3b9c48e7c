"""What lies among our migrations and is another tool's: known by its name or its marks, neither run nor passed over."""

from __future__ import annotations

import os
import re
from pathlib import Path

IMPORTED = ("goose", "dbmate", "flyway", "sqlx", "prisma", "supabase")  # those that db.import knows
FORM = "NNN_name.up.sql, NNN_name.down.sql or NNN_name.sql"
FLYWAY = re.compile(r"(?:[VUB][0-9][0-9._]*|R)__.*\.\w+", re.DOTALL)
PROGRAM = re.compile(r"[0-9]+_.*\.(?:go|js|ts|mjs|cjs|mts|cts|java|kt|py|rb)", re.DOTALL)
PRISMA = ("migration.sql", "migration.ts", "migration.js")
MARKED = {
    "sqlx": "it would be run in a transaction, and sqlx runs it without one",
}
BOTH_WAYS = "with ways up and down in one file: all of it would be run on the way up"
Told = tuple[str, str, str]  # what was found, what is expected, what to type


def by_marks(tool: str, label: str) -> Told:
    """What to say of a file with the marks of a tool in it."""
    found = f"written for {tool}, {MARKED.get(tool, BOTH_WAYS)}"
    if tool in IMPORTED:
        return found, FORM, way_in(tool, label)
    expected = "a file for each way, NNN_name.up.sql and NNN_name.down.sql"
    return found, expected, f"split {label} at its marks, and take them out"


def by_name(folder: Path, name: str, label: str) -> Told | None:
    """What to say of a file or directory that is another tool's by its name; None for any other."""
    inside = contents(f"{folder}/{name}")
    if any(each in inside for each in PRISMA):
        return "a directory with a migration, as Prisma has them", FORM, way_in("prisma", label)
    if name == "migration_lock.toml":
        return "Prisma's lock file", "SQL files alone", way_in("prisma", label)
    if FLYWAY.fullmatch(name) or any(map(FLYWAY.fullmatch, inside)):
        return "a migration of Flyway", FORM, way_in("flyway", label)
    if PROGRAM.fullmatch(name):
        then = way_in("goose", label) if name.endswith(".go") else f"write what it does as SQL, and move {label} away"
        return "a migration that is a program", FORM, then
    return None


def contents(path: str) -> list[str]:
    try:
        return os.listdir(path) if os.path.isdir(path) else []
    except OSError:
        return []


def way_in(tool: str, label: str) -> str:
    """How to convert it: out of the way first, since it lies where its conversion will."""
    place = f"from-{tool}"
    return f"mkdir -p {place}; mv {label} {place}/, and all others of {tool}; then ./invoke db.import {tool} {place}"
