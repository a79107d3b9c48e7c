"""What can be asked of migrations that were not run yet: lint, and a look ahead."""

from __future__ import annotations

from dataclasses import dataclass

from slipway.data.verb import Verb


@dataclass(frozen=True)
class Lint:
    """Lint these files, else what is pending; with `all` every upward migration."""

    files: tuple[str, ...] | None = None
    all: bool = False


@dataclass(frozen=True)
class Finding:
    """What lint found at a place; line and column count from 1, a column is a character."""

    file: str
    line: int
    column: int
    rule: str
    level: str  # error, warning or advice
    message: str
    help: str


@dataclass(frozen=True)
class Linted:
    """The findings, and how many files were looked at."""

    findings: tuple[Finding, ...]
    files: int


@dataclass(frozen=True)
class Ahead:
    """Foretell what these pending files will do."""

    files: tuple[str, ...]


@dataclass(frozen=True)
class Lock:
    """A lock on a table, as SQL names it, and what it blocks."""

    table: str
    mode: str
    blocks: str


@dataclass(frozen=True)
class Prospect:
    """What a file's text foretells: its locks, the strongest first, and what lint finds."""

    file: str
    tables: tuple[Lock, ...]
    untold: bool  # whether there is code in it that takes locks of its own
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class LikelyBackup:
    """The newest backup of the database: the next one will be much like it."""

    id: str
    bytes: int
    seconds: float


@dataclass(frozen=True)
class Foretold:
    """What the pending files will do, why lint could not look, if so, and how long a backup will take."""

    files: tuple[Prospect, ...]
    unlinted: str
    backup: LikelyBackup | None


LINT = Verb("lint", "slipway.data.migrations.lint:lint", Lint, Linted)
AHEAD = Verb("ahead", "slipway.data.migrations.ahead:ahead", Ahead, Foretold)
