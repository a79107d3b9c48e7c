"""What can be asked of the archive: to prove it, to back up, to restore a moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from slipway.data.pitr.info import Repository
from slipway.data.verb import Nothing, Verb


@dataclass(frozen=True)
class Establish:
    """Make what is missing and archive one segment; `restoring` says that this is a part of a restore."""

    restoring: bool = False


@dataclass(frozen=True)
class CutShort:
    """A restore that was cut short and is ended now: the restored cluster is in place, or nothing had changed."""

    id: str
    target: str
    phase: str
    maintenance: bool  # whether it had closed the front door
    restored: bool


@dataclass(frozen=True)
class Established:
    """Whether the bucket was made, the newest segment that is archived, and the restore that was ended first."""

    created: bool
    wal: str
    seconds: float
    settled: CutShort | None


@dataclass(frozen=True)
class Backup:
    """Take a physical backup into every repository, or into one; `missing`: only where there is none that leads to now."""

    kind: str | None = None  # full or diff
    repository: int | None = None
    missing: bool = False


@dataclass(frozen=True)
class BackedUp:
    """The newest physical backup, and whether it was taken now; sizes in bytes."""

    label: str
    kind: str
    size: int
    stored: int
    taken: bool
    seconds: float


@dataclass(frozen=True)
class Window:
    """The moments in reach, in seconds since 1970."""

    begin: float | None
    end: float | None
    text: str


@dataclass(frozen=True)
class Physical:
    """A physical backup, as info.Backup has it, with its timeline."""

    label: str
    kind: str
    begun: int
    ended: int
    start_wal: str
    stop_lsn: int
    size: int
    stored: int
    repositories: tuple[int, ...]
    error: bool
    timeline: int


@dataclass(frozen=True)
class Kept:
    """A cluster that a restore has kept."""

    path: str
    bytes: int


@dataclass(frozen=True)
class Status:
    """The archive as archive.look has it, what can be restored, and what is wrong, in sentences."""

    archive: Mapping
    window: Window
    repositories: tuple[Repository, ...]
    backups: tuple[Physical, ...]
    kept: tuple[Kept, ...]
    problems: tuple[str, ...]


@dataclass(frozen=True)
class Ask:
    """Whether a moment can be restored, along a timeline, by default the present one."""

    at: str
    timeline: int | None = None


@dataclass(frozen=True)
class Moment:
    """A moment that can be restored, and from what."""

    target: float | None  # seconds since 1970; None: the newest moment
    text: str
    backup: str
    timeline: int
    window: str
    now: float


@dataclass(frozen=True)
class Flushed:
    """Up to where the server has sent everything, or why it could not."""

    flushed: bool
    wal: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Make:
    """Make the cluster of a moment, as `Moment` has it."""

    id: str
    target: float | None
    text: str
    backup: str
    timeline: int


@dataclass(frozen=True)
class Made:
    """Where the cluster is, and from which backup it was made."""

    path: str
    backup: str
    seconds: float


@dataclass(frozen=True)
class Restore:
    """The restore that is meant."""

    id: str


@dataclass(frozen=True)
class Database:
    """What was read of a database."""

    indexes: int
    tables: int
    rows: int


@dataclass(frozen=True)
class Proven:
    """What the restored cluster holds, when its last transaction ended, and the version of its schema."""

    databases: Mapping[str, Database]
    reached: str
    version: int | None
    seconds: float


@dataclass(frozen=True)
class Switch:
    """Exchange the restored cluster and the live one; `back`: the other way round."""

    id: str
    back: bool = False


@dataclass(frozen=True)
class Switched:
    """Where the other one is; empty on the way back."""

    kept: str


@dataclass(frozen=True)
class End:
    """End a restore; `drop`: remove the clusters that restores have kept."""

    drop: bool = False


@dataclass(frozen=True)
class Dropped:
    """The clusters that were removed."""

    dropped: tuple[str, ...]


@dataclass(frozen=True)
class Settled:
    """The restore that had been cut short, if one was."""

    cut: CutShort | None


WORK = "slipway.data.pitr."
ESTABLISH = Verb("pitr.establish", f"{WORK}establish:establish", Establish, Established)
BACKUP = Verb("pitr.backup", f"{WORK}backup:backup", Backup, BackedUp, alone=True)
KEEP = Verb("pitr.keep", f"{WORK}backup:keep", Nothing, Nothing, alone=True)
STATUS = Verb("pitr.status", f"{WORK}status:status", Nothing, Status)
ASK = Verb("pitr.ask", f"{WORK}asking:ask", Ask, Moment)
FLUSH = Verb("pitr.flush", f"{WORK}restore:flush", Nothing, Flushed)
RESTORE = Verb("pitr.restore", f"{WORK}restore:restore", Make, Made, alone=True)
VERIFY = Verb("pitr.verify", f"{WORK}restore:verify", Restore, Proven, alone=True)
CLOSED = Verb("pitr.closed", f"{WORK}restore:note_closed", Nothing, Nothing)
SWITCH = Verb("pitr.switch", f"{WORK}restore:switch", Switch, Switched)
DONE = Verb("pitr.done", f"{WORK}restore:finish_restore", End, Dropped)
SETTLE = Verb("pitr.settle", f"{WORK}restore:settle", Nothing, Settled)
