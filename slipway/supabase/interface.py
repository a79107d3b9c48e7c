"""What can be asked of a Supabase project: the arguments, the answers, and the verbs that take and give them."""

from __future__ import annotations

from dataclasses import dataclass

from slipway.data.restore.interface import Check
from slipway.data.verb import Nothing, Verb

# What becomes of a thing that the project has.
MOVES, CHANGES, STAYS, BY_HAND = "moves", "moves with a change", "cannot move", "by hand"
VERDICTS = (MOVES, CHANGES, STAYS, BY_HAND)


@dataclass(frozen=True)
class Finding:
    """One thing that the project has, one of VERDICTS, and which change, what instead, or where to click."""

    kind: str
    name: str
    verdict: str
    note: str = ""


@dataclass(frozen=True)
class Inventory:
    """Everything that a project has, as of one moment. `bytes` is the size of its database on disk."""

    database: str
    role: str
    version: str
    bytes: int
    at: str  # UTC, ISO 8601
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Copy:
    """Copy the project in the place of the live database, or into one of its own; `fresh` dumps it again in any case."""

    into: str = ""
    fresh: bool = False


@dataclass(frozen=True)
class Copied:
    """The database that is the copy, the new name of the one that it replaced, what was compared, and what stayed.

    `begun` is the moment that the copy is of, UTC; `left` describes objects of the team's that could not come.
    """

    database: str
    old: str | None
    checks: tuple[Check, ...]
    rows: int
    left: tuple[str, ...]
    notes: tuple[str, ...]
    begun: str
    seconds: float


@dataclass(frozen=True)
class Move:
    """Move the objects; `tree` is the directory of a self-hosted storage, where they are not asked of a server."""

    tree: str = ""


@dataclass(frozen=True)
class Moved:
    """How many objects were put here, their bytes, those that were here, those without bytes, and those with others.

    `absents` names the first of those without bytes, `problems` tells of the first of those with others.
    """

    put: int
    bytes: int
    same: int
    absent: int
    differing: int
    absents: tuple[str, ...]
    problems: tuple[str, ...]
    seconds: float


INVENTORY = Verb("supabase.inventory", "slipway.supabase.inventory.take:take", Nothing, Inventory, alone=True)
COPY = Verb("supabase.copy", "slipway.supabase.copying.copy:copy", Copy, Copied, alone=True)
OBJECTS = Verb("supabase.objects", "slipway.supabase.objects.move:move", Move, Moved, alone=True)


@dataclass(frozen=True)
class Recorded:
    """One migration of the project's history; `settings` are the names that stand in it for secrets."""

    version: str
    name: str
    statements: tuple[str, ...]
    settings: tuple[str, ...]


@dataclass(frozen=True)
class History:
    """The migrations in order; `explicit`: the project grants its tables one by one."""

    migrations: tuple[Recorded, ...]
    explicit: bool


@dataclass(frozen=True)
class Prove:
    """Compare the copy, by default the live database, with what the files of a folder give; `adopt` them if they are equal."""

    folder: str
    by: str
    database: str = ""
    adopt: bool = True


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
