"""What can be asked of backups: to take one, to list, judge, verify and prune them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from slipway.data.verb import Nothing, Verb
from slipway.data.wire import REST


@dataclass(frozen=True)
class Backup:
    """Take a backup; `wait` seconds for another one that is being taken."""

    kind: str = "manual"
    label: str = ""
    only: str | None = None  # db, objects, or a store that is kept whole
    contents: bool = False  # a hash of each table's content as well
    passwords: bool = False  # of roles, as hashes
    keys: tuple[str, ...] | None = None  # names of the settings that the stack was started with
    release: str | None = None  # None: the last good one
    wait: float = 0


@dataclass(frozen=True)
class Taken:
    """A backup that was taken. What a manifest has besides is in `manifest`, as it lies on the disk."""

    id: str
    parts: tuple[str, ...]  # database, objects, and stores that are kept whole
    files: Mapping[str, Mapping]
    tables: Mapping[str, Mapping]
    objects: Mapping | None
    path: str
    seconds: float
    manifest: Mapping = field(default_factory=dict, metadata=REST)

    @property
    def whole(self) -> Mapping:
        """What it has of a store that is kept whole, by the store's name."""
        return self.manifest

    @property
    def bytes(self) -> int:
        return sum(file["bytes"] for file in self.files.values())

    @property
    def rows(self) -> int:
        return sum(table["rows"] for table in self.tables.values())


@dataclass(frozen=True)
class Need:
    """Why no backup has to be taken before migrations, or an empty text."""

    needless: str


@dataclass(frozen=True)
class Here:
    """A backup that is here. Objects, drill and `whole` are as its manifest and its evidence have them."""

    id: str
    label: str
    kind: str
    parts: tuple[str, ...]
    stack: str | None
    environment: str | None
    database: str | None
    begun: str
    ended: str
    release: str | None
    schema_version: int | None
    server_version: str | None
    proven: bool
    drill: Mapping | None
    objects: Mapping | None
    bytes: int
    tables: int
    rows: int
    where: str  # local, or both
    whole: Mapping = field(default_factory=dict, metadata=REST)  # what it has of a store, by the store's name


@dataclass(frozen=True)
class Elsewhere:
    """A backup of which there is a copy alone: what its files tell."""

    id: str
    here: bool
    bytes: int
    sealed: bool
    parts: tuple[str, ...]
    proven: bool
    where: str  # off-site


@dataclass(frozen=True)
class Copy:
    """A copy elsewhere."""

    bytes: int
    sealed: bool
    proven: bool
    parts: tuple[str, ...]


@dataclass(frozen=True)
class Copies:
    """Whether copies are made, which are there by the id of their backup, and why they cannot be listed."""

    set: bool
    copies: Mapping[str, Copy]
    problem: str


@dataclass(frozen=True)
class Backups:
    """Every backup, the newest first; a sentence for each that cannot be trusted; the copies."""

    backups: tuple[Here | Elsewhere, ...]
    damaged: tuple[str, ...]
    offsite: Copies


@dataclass(frozen=True)
class Aged:
    """A backup, and how many seconds ago it began."""

    id: str
    age: float


@dataclass(frozen=True)
class Planned:
    """The schedule, the next backup by it, and what is wrong with it."""

    schedule: str
    next: str
    trouble: str


@dataclass(frozen=True)
class Standing:
    """How things stand with backups of the database."""

    count: int
    newest: Aged | None
    proven: Aged | None
    schedule: Planned | None
    damaged: tuple[str, ...]


@dataclass(frozen=True)
class Check:
    """The newest proven backup may be `max_age` seconds old."""

    max_age: float


@dataclass(frozen=True)
class Verify:
    """Hash a backup's files, and some of its objects; with `all` each of them; with `read` pg_restore reads the dump."""

    id: str | None = None  # None: the newest
    all: bool = False
    read: bool = False


@dataclass(frozen=True)
class Verified:
    """A backup that is as it was written; `files` is how many."""

    id: str
    files: int
    read: bool
    bytes: int
    objects: Mapping | None


@dataclass(frozen=True)
class Prune:
    """Remove what no rule keeps; with `dry_run` only say what that is."""

    dry_run: bool = False


@dataclass(frozen=True)
class PrunedCopies:
    """Copies that stay, each with the reason, and those that went; how many objects went with them."""

    kept: Mapping[str, str]
    gone: tuple[str, ...]
    objects: int


@dataclass(frozen=True)
class Pruned:
    """Backups that stay, each with the reason, those that went, and those that somebody reads now."""

    kept: Mapping[str, str]
    gone: tuple[str, ...]
    busy: tuple[str, ...]
    objects: int  # files of the pool that nobody names any more, and that were removed
    bytes: int
    offsite: PrunedCopies | None


BACKUP = Verb("backup", "slipway.ops.backup:backup", Backup, Taken, alone=True)
NEED = Verb("backup.need", "slipway.data.backups.take:look_for_need", Nothing, Need)
LIST = Verb("backups.list", "slipway.data.backups.listing:list_backups", Nothing, Backups)
STANDING = Verb("backups.standing", "slipway.data.backups.listing:describe_standing", Nothing, Standing)
CHECK = Verb("backups.check", "slipway.data.backups.listing:check", Check, Aged)
VERIFY = Verb("backups.verify", "slipway.data.backups.proof:prove", Verify, Verified, alone=True)
PRUNE = Verb("backups.prune", "slipway.data.backups.prune:prune", Prune, Pruned, alone=True)
