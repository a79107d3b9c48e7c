"""What can be asked of restores and drills."""

from __future__ import annotations

from dataclasses import dataclass

from slipway.data.verb import Nothing, Verb
from slipway.stack import stores


@dataclass(frozen=True)
class Source:
    """The backup that is meant: by its id, or by its directory."""

    id: str = ""
    folder: str = ""


@dataclass(frozen=True)
class Mask:
    """SQL that masks what was restored: name and text of a file."""

    name: str
    text: str


@dataclass(frozen=True)
class Restore(Source):
    """Put the database, or a part of it, in the place of the live one or into a database of its own."""

    into: str = ""  # a database of its own
    tables: tuple[str, ...] = ()
    schema_only: bool = False
    mask: Mask | None = None

    @property
    def partial(self) -> bool:
        return bool(self.tables or self.schema_only)


@dataclass(frozen=True)
class Check:
    """One comparison of what was restored with its manifest."""

    name: str
    ok: bool
    found: str


@dataclass(frozen=True)
class Restored:
    """The database that is the restored one, the new name of the live one that it replaced, and notes in sentences."""

    id: str
    database: str
    old: str | None
    checks: tuple[Check, ...]
    rows: int
    notes: tuple[str, ...]
    seconds: float


@dataclass(frozen=True)
class Differing:
    """A table with another number of rows; None where it is not there."""

    table: str
    then: int | None
    now: int | None


@dataclass(frozen=True)
class Migration:
    """A migration that the live database has had since."""

    version: int
    name: str


@dataclass(frozen=True)
class Kept:
    """A database that a restore has kept."""

    database: str
    bytes: int


@dataclass(frozen=True)
class Looked:
    """What a restore would replace: the backup, and what the live database has had since."""

    id: str
    label: str
    begun: str
    age_s: int
    environment: str | None
    stack: str | None
    database: str
    objects: bool
    whole: tuple[str, ...]  # stores that the backup holds whole
    has_database: bool
    live: str | None  # None: there is no such database now
    exact: bool  # whether rows were counted, and not estimated
    tables: tuple[Differing, ...]
    migrations: tuple[Migration, ...]
    kept: tuple[Kept, ...]


@dataclass(frozen=True)
class PutBack:
    """Objects that were put back, and those that are not in the backup; of these the first hundred are named."""

    made: tuple[str, ...]  # buckets
    put: int
    bytes: int
    same: int
    extra: int
    extras: tuple[str, ...]
    deleted: int


@dataclass(frozen=True)
class Absent:
    """What would be put back, at most."""

    put: int
    bytes: int


@dataclass(frozen=True)
class RestoreWhole(Source):
    """Replace all that a store holds; `keys` are the names of settings, for the backup that is taken before."""

    keys: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Given:
    """What the store was given, and the id of the backup of what it held before."""

    keys: int
    bytes: int
    before: str


@dataclass(frozen=True)
class Drop:
    """Drop what restores have kept of the live database, or those of these names alone."""

    names: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Dropped:
    """The databases that were dropped, and the bytes that they held."""

    dropped: tuple[str, ...]
    bytes: int


@dataclass(frozen=True)
class Analyzed:
    """The database that has statistics again."""

    database: str


@dataclass(frozen=True)
class Drill:
    """Restore a backup on trial."""

    id: str | None = None  # None: the newest


@dataclass(frozen=True)
class Drilled:
    """The evidence of a drill, and the backup that it is of; `server` is the version that restored it."""

    id: str
    at: str
    ok: bool
    seconds: float
    server: str
    checks: tuple[Check, ...]


WORK = "slipway.data.restore."
RESTORE = Verb("restore", f"{WORK}restoring:restore", Restore, Restored, alone=True)
LOOK = Verb("restore.look", f"{WORK}looking:look", Source, Looked)
OBJECTS = Verb("restore.objects", f"{WORK}objects:restore", Source, PutBack, alone=True)
LOOK_AT_OBJECTS = Verb("restore.objects.look", f"{WORK}objects:look", Source, Absent, alone=True)
WHOLE: dict[str, Verb[RestoreWhole, Given]] = {
    name: Verb(f"restore.{name}", f"slipway.data.{name}.restore:restore", RestoreWhole, Given, alone=True)
    for name in stores.WHOLE
}
DROP = Verb("restore.drop", f"{WORK}restoring:drop_kept", Drop, Dropped)
ANALYZE = Verb("restore.analyze", f"{WORK}restoring:analyze", Nothing, Analyzed)
DRILL = Verb("backups.drill", f"{WORK}drill:drill", Drill, Drilled, alone=True)
