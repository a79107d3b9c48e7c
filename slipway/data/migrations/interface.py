"""What can be asked of migrations and fixtures: the arguments, the answers, and the verbs that take and give them."""

from __future__ import annotations

from dataclasses import dataclass

from slipway.data.verb import Nothing, Verb


@dataclass(frozen=True)
class Migrate:
    """Apply what is pending, up to number `to`; the history keeps who did it and with which release."""

    by: str
    release: str
    to: int | None = None


@dataclass(frozen=True)
class Try:
    """Run what is pending, up to number `to`, and take all of it back."""

    to: int | None = None


@dataclass(frozen=True)
class Rollback:
    """Run the downward files of the newest `steps` versions."""

    by: str
    steps: int = 1


@dataclass(frozen=True)
class Goto:
    """Go up or down to a version, which must have a file."""

    by: str
    version: int


@dataclass(frozen=True)
class Redo:
    """Go down the newest `steps` versions, and up again."""

    by: str
    steps: int = 1


@dataclass(frozen=True)
class Adopt:
    """Record as baseline what another tool has run; -1 is nothing, None what golang-migrate's row says."""

    by: str
    version: int | None = None


@dataclass(frozen=True)
class Foreign:
    """A migration of another tool as it was converted: what it is there, and its number, name and hashes here."""

    theirs: str  # as that tool's history calls it
    origin: str  # its file
    checksums: tuple[str, ...]  # what that tool may have kept of the file; empty where it keeps none
    version: int
    name: str
    sha256: str
    down_sha256: str


@dataclass(frozen=True)
class Import:
    """Record which of these another tool has run, as its table says; without `keep`, only say so.

    `others` are the numbers of the migrations that lie beside them, `table` the tool's table where it has another name.
    """

    by: str
    tool: str
    files: tuple[Foreign, ...]
    others: tuple[int, ...] = ()
    table: str = ""
    keep: bool = False


@dataclass(frozen=True)
class Imported:
    """The tool's table (none: the database has none), the versions that were new to us, and those that are left to run."""

    table: str | None
    recorded: tuple[int, ...]
    pending: tuple[int, ...]
    version: int | None
    aside: str | None  # the name that the tool's table was given, where it had that of golang-migrate's
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Ran:
    """A file that was run, up or down."""

    version: int
    name: str
    file: str
    ms: float
    note: str | None = None  # what there is to say of it


@dataclass(frozen=True)
class Tried:
    """A file that was tried, or the reason why it could not be."""

    version: int
    name: str
    file: str
    tried: bool
    ms: float | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Migrated:
    """What was applied, and the newest version then."""

    applied: tuple[Ran, ...]
    version: int | None


@dataclass(frozen=True)
class Outcome:
    """What would be applied, and the newest version then."""

    would: tuple[Tried, ...]
    version: int | None


@dataclass(frozen=True)
class RolledBack:
    """What was undone, and the newest version that is left."""

    rolled_back: tuple[Ran, ...]
    version: int | None


@dataclass(frozen=True)
class Gone:
    """What was undone and applied on the way to a version."""

    applied: tuple[Ran, ...]
    rolled_back: tuple[Ran, ...]
    version: int | None


@dataclass(frozen=True)
class Adopted:
    """The version that the database is at, the versions that were taken over for it, and those that were forgotten."""

    version: int | None
    adopted: tuple[int, ...]
    forgotten: tuple[int, ...]


@dataclass(frozen=True)
class Row:
    """One version: what its files and the history say of it."""

    version: int
    name: str
    file: str | None
    state: str  # unfinished, pending, out_of_order, missing (its file), edited, baseline or applied
    reversible: bool
    note: str
    compatible: bool
    applied_at: str | None
    by: str | None
    ms: float | None
    release: str | None


@dataclass(frozen=True)
class Mirror:
    """golang-migrate's row."""

    version: int | None
    dirty: bool


@dataclass(frozen=True)
class Unfinished:
    """A file without a transaction that stopped: after `done` statements, perhaps in the middle of the next."""

    version: int
    way: str  # up or down
    done: int
    doing: bool


@dataclass(frozen=True)
class Status:
    """Every version with its state, and what does not fit, in sentences."""

    version: int | None
    rows: tuple[Row, ...]
    problems: tuple[str, ...]
    mirror: Mirror
    unfinished: Unfinished | None


@dataclass(frozen=True)
class Drift:
    """How the live schema differs from what the migrations give, in sentences."""

    differences: tuple[str, ...]


MIGRATE = Verb("migrate", "slipway.data.migrations.migrate:migrate", Migrate, Migrated)
TRY = Verb("migrate.try", "slipway.data.migrations.dry_run:try_migrations", Try, Outcome)
ROLLBACK = Verb("rollback", "slipway.data.migrations.rollback:rollback", Rollback, RolledBack)
GOTO = Verb("goto", "slipway.data.migrations.rollback:goto", Goto, Gone)
REDO = Verb("redo", "slipway.data.migrations.rollback:redo", Redo, Gone)
ADOPT = Verb("adopt", "slipway.data.migrations.adopt:adopt", Adopt, Adopted)
IMPORT = Verb("import", "slipway.data.migrations.imports.history:take_over", Import, Imported)
STATUS = Verb("status", "slipway.data.migrations.status:status", Nothing, Status)
DRIFT = Verb("drift", "slipway.data.migrations.drift:drift", Nothing, Drift, alone=True)
