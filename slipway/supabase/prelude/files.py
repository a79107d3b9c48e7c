"""The prelude as a pair of files: its number, its text, and what the team's migrations need besides. Pure but for reading."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from slipway.data.migrations.files import Migration
from slipway.data.sql import lexer
from slipway.errors import MigrationError, SettingsError
from slipway.supabase import statements

NAME = "supabase_prelude"
UP, DOWN = Path(__file__).with_name("up.sql"), Path(__file__).with_name("down.sql")
DEFAULT = ("pgcrypto", "uuid-ossp")  # those that every project of Supabase has, and that hold functions
TIMESTAMP = 14  # digits of YYYYMMDDhhmmss, as the Supabase CLI numbers
EXPLICIT = "-- Left out with --explicit.\n"
Text = tuple[str, str]  # what messages call it, and its SQL


def pair(there: Sequence[Migration], extensions: Iterable[str], explicit: bool, folder: str) -> dict[str, str]:
    """The two files by name. Raises MigrationError where one is there already, SettingsError for a wrong name."""
    for each in there:
        if each.name == NAME:
            raise MigrationError(
                each.label,
                "is there already",
                "one prelude",
                f"git rm {folder}/{each.version:03d}_{NAME}.*, or keep it",
            )
    stem = f"{number(there)}_{NAME}"
    return {f"{stem}.up.sql": up(extensions, explicit), f"{stem}.down.sql": DOWN.read_text(encoding="utf-8")}


def number(there: Sequence[Migration]) -> str:
    """The next free one below those that the Supabase CLI gives, as wide as the last; 001 where there is none."""
    labels = [each.path.name.partition("_")[0] for each in there]
    before = [each for each in labels if len(each) < TIMESTAMP]
    return str(int(before[-1]) + 1).zfill(len(before[-1])) if before else "001"


def up(extensions: Iterable[str], explicit: bool) -> str:
    """The text of the way up, with these extensions beside those that every project has."""
    names = sorted({*DEFAULT, *extensions})
    for name in names:
        if not re.fullmatch(r"[a-z][a-z0-9_-]*", name):
            raise SettingsError(
                "--extensions", f'"{name}"', "names of extensions, with commas", "--extensions citext,pg_trgm"
            )
    text = UP.read_text(encoding="utf-8").replace("EXTENSIONS", ", ".join(f"'{name}'" for name in names))
    return text.partition(EXPLICIT)[0] if explicit else text.replace(EXPLICIT, "")


def refuse_needs(texts: Iterable[Text]) -> None:
    """Raises MigrationError for the first statement that needs what only the platform has; its log has the others."""
    errors = [error for text in texts for error in unmet(text)]
    if errors:
        errors[0].log = tuple(f"{error.where}: {error.found}; instead: {error.expected}" for error in errors[1:])
        raise errors[0]


def unmet(text: Text) -> Iterator[MigrationError]:
    label, sql = text
    for each in statements.split(sql):
        for need in statements.needs(each.text):
            yield MigrationError(
                f"{label}:{lexer.place(sql, each.start)}",
                f"needs {need.name}, which a plain Postgres with this prelude does not have",
                need.instead,
                "take the statement out, or write it otherwise; then ./invoke supabase.prelude again",
            )
