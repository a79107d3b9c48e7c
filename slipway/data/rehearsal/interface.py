"""What can be asked of a rehearsal."""

from __future__ import annotations

from dataclasses import dataclass

from slipway.data.migrations.foresight import Lock
from slipway.data.verb import Verb


@dataclass(frozen=True)
class Rehearse:
    """Run what is pending on a copy of the live data, or of the newest proven backup, which is brought to the live schema."""

    source: str = "live"  # or backup


@dataclass(frozen=True)
class Rewritten:
    """A table that was written anew, with its rows."""

    table: str
    rows: int


@dataclass(frozen=True)
class Changed:
    """The rows of a table that were inserted, updated and deleted."""

    table: str
    inserted: int
    updated: int
    deleted: int


@dataclass(frozen=True)
class Built:
    """An index that was built, with its size."""

    index: str
    bytes: int


@dataclass(frozen=True)
class Down:
    """How the way down went: whether it was gone, brings the exact schema back, and what it leaves."""

    tried: bool
    restores: bool
    differences: tuple[str, ...]
    reason: str
    ms: float
    undone: bool = True


@dataclass(frozen=True)
class Rehearsed:
    """What a file did. `sampled` locks were looked at every few milliseconds, all others are exact; of such a file no
    rows are counted."""

    file: str
    version: int
    ms: float
    locks: tuple[Lock, ...]
    sampled: bool
    rewritten: tuple[Rewritten, ...]
    changed: tuple[Changed, ...]
    indexes: tuple[Built, ...]
    size_change: int  # bytes
    down: Down
    up_ms: float
    down_ms: float | None
    effects: tuple[str, ...]  # all of it, in sentences


@dataclass(frozen=True)
class Servers:
    """The major versions of the live server and of the copy's."""

    live: int
    copy: int | None


@dataclass(frozen=True)
class Rehearsal:
    """What happened on the copy; `ok` is false when a down that was tried does not bring the catalog back."""

    source: str
    servers: Servers
    bytes: int  # of the database that was copied
    copy_ms: float
    ok: bool
    files: tuple[Rehearsed, ...]
    seconds: float
    summary: str


REHEARSE = Verb("rehearse", "slipway.data.rehearsal.run:rehearse", Rehearse, Rehearsal, alone=True)
