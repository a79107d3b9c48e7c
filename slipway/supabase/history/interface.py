"""What can be asked of a project's recorded migrations: the arguments, the answers, and the verbs that take and give them."""

from __future__ import annotations

from dataclasses import dataclass

from slipway.data.verb import Nothing, Verb


@dataclass(frozen=True)
class Recorded:
    """One migration of the project's history; `settings` are the names that stand in it for secrets."""

    version: str
    name: str
    statements: tuple[str, ...]
    settings: tuple[str, ...]


@dataclass(frozen=True)
class History:
    """The migrations in order; `explicit`: the project grants its tables one by one.

    Where the project has recorded none, they are its schema by kinds of objects, and `left` describes what of the team's
    could not come.
    """

    migrations: tuple[Recorded, ...]
    explicit: bool
    recorded: bool = True
    left: tuple[str, ...] = ()


@dataclass(frozen=True)
class Prove:
    """Compare the copy, by default the live database, with what the files of a folder give; `adopt` them if they are equal.

    `public`: what PUBLIC may do counts too, which migrations that were written for Supabase seldom say.
    """

    folder: str
    by: str
    database: str = ""
    adopt: bool = True
    public: bool = False


@dataclass(frozen=True)
class Proven:
    """What differs, in sentences; functions that hold a secret, whose bodies were not compared; what was recorded."""

    differences: tuple[str, ...]
    masked: tuple[str, ...]
    version: int | None
    adopted: tuple[int, ...]


@dataclass(frozen=True)
class Extract:
    """Take these tables of the copy, by default the live database, as seed data."""

    tables: tuple[str, ...]
    database: str = ""


@dataclass(frozen=True)
class Seed:
    """A table as CSV, its rows, and the names of settings that stand in it for secrets."""

    table: str
    rows: int
    csv: str
    settings: tuple[str, ...]


@dataclass(frozen=True)
class Extracted:
    """The tables, in the order that was asked for."""

    seeds: tuple[Seed, ...]


HISTORY = Verb("supabase.history", "slipway.supabase.history.read:read", Nothing, History, alone=True)
MIGRATIONS = Verb("supabase.migrations", "slipway.supabase.history.prove:prove", Prove, Proven, alone=True)
FIXTURES = Verb("supabase.fixtures", "slipway.supabase.history.extract:extract", Extract, Extracted, alone=True)
