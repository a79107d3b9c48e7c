"""What can be asked of the stack as a whole: what is there, its gateway, its releases, maintenance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from slipway.data.postgres.interface import Server
from slipway.data.verb import Nothing, Verb


@dataclass(frozen=True)
class Current:
    """Whether roles, object store and archive are as they should be."""

    roles: bool
    objects: bool
    archive: bool


@dataclass(frozen=True)
class Gateway:
    """The colour that new requests go to, and whether the gateway answers.

    `config`, open-ended as Caddy has it, is what it runs and will start with again, or empty where those differ.
    """

    active: str
    up: bool
    reason: str
    config: Mapping


@dataclass(frozen=True)
class Newest:
    """The newest release and the last good one, as their records have them."""

    newest: Mapping | None
    good: Mapping | None


@dataclass(frozen=True)
class Observed:
    """Database, files and records as they are; an unreachable database is an answer, and then every file counts as
    pending. Records are as they lie on the disk."""

    postgres: Server
    applied: Mapping[str, str] | None  # sha256 by version; None where it could not be asked
    pending: tuple[str, ...]
    problems: tuple[str, ...]
    fixtures_pending: tuple[str, ...]
    records: Mapping[str, Mapping]
    current: Current
    archive: Mapping  # as archive.look has it, with its problems; empty where PITR is off
    gateway: Gateway
    releases: Newest
    room: int | None  # free bytes where the records are
    excess: tuple[str, ...] = ()  # what the app's role may beyond rows in a database of somebody else's


@dataclass(frozen=True)
class Configuration:
    """A configuration of the gateway, as Caddy has it."""

    config: Mapping


@dataclass(frozen=True)
class Taken:
    """How long it took; 0 for what was as it should be."""

    ms: float


@dataclass(frozen=True)
class Switch:
    """Send every new request to a colour."""

    to: str


@dataclass(frozen=True)
class Drain:
    """Wait until a colour has no request in flight, for `timeout` seconds at most."""

    from_: str
    timeout: float


@dataclass(frozen=True)
class Drained:
    """How many requests were in flight still at the deadline."""

    seconds: float
    left: int


@dataclass(frozen=True)
class Tally:
    """What the app has answered through this gateway so far, and how much of that was 5xx.

    `unanswered` are requests that the app gave no proper answer to, so that the gateway made one, of 5xx.
    """

    answers: int
    failed: int
    unanswered: int = 0


@dataclass(frozen=True)
class Begin:
    """Open a record with what is known of a release: open-ended, as it will lie on the disk."""

    record: Mapping
    again: bool = False  # a record of its own even where the last release is the same


@dataclass(frozen=True)
class Begun:
    """The record, and whether it is a new one."""

    record: Mapping
    new: bool


@dataclass(frozen=True)
class Close:
    """End a record with these facts."""

    id: str
    facts: Mapping
    keep: int = 5  # good releases that stay available


@dataclass(frozen=True)
class Closed:
    """The record, and the images that nobody can go back to any more."""

    record: Mapping
    images: tuple[str, ...]


@dataclass(frozen=True)
class ListReleases:
    """At most so many, the newest first."""

    limit: int = 50


@dataclass(frozen=True)
class Releases:
    """The records, the newest first."""

    releases: tuple[Mapping, ...]


@dataclass(frozen=True)
class Release:
    """The release that is meant."""

    id: str


@dataclass(frozen=True)
class Gap:
    """Why a release cannot read the schema as it is now, or an empty text; what moved it, and a backup of then."""

    reason: str
    migrations: tuple[str, ...]
    backup: str | None


@dataclass(frozen=True)
class Message:
    """What the page says; a text of ours where it is empty."""

    message: str = ""


@dataclass(frozen=True)
class Page:
    """Whether the page is up, and what it says."""

    on: bool
    message: str


@dataclass(frozen=True)
class Opened:
    """The page is down; whether it had been up."""

    on: bool
    was_on: bool


OBSERVE = Verb("observe", "slipway.ops.observe:observe", Nothing, Observed)
ACTIVE = Verb("gateway.active", "slipway.ops.gateway:active", Nothing, Gateway)
CONFIGURE = Verb("gateway.configure", "slipway.ops.gateway:configure", Configuration, Nothing)
RELOAD = Verb("gateway.reload", "slipway.ops.gateway:reload", Configuration, Taken)
SWITCH = Verb("gateway.switch", "slipway.ops.gateway:switch", Switch, Taken)
DRAIN = Verb("gateway.drain", "slipway.ops.gateway:drain", Drain, Drained)
TALLY = Verb("gateway.tally", "slipway.ops.gateway:tally", Nothing, Tally)
BEGIN = Verb("releases.begin", "slipway.ops.releases:begin", Begin, Begun)
CLOSE = Verb("releases.close", "slipway.ops.releases:close", Close, Closed)
LIST = Verb("releases.list", "slipway.ops.releases:list_releases", ListReleases, Releases)
GAP = Verb("releases.gap", "slipway.ops.releases:gap", Release, Gap)
MAINTENANCE_ON = Verb("maintenance.on", "slipway.ops.maintenance:on", Message, Page)
MAINTENANCE_OFF = Verb("maintenance.off", "slipway.ops.maintenance:off", Nothing, Opened)
MAINTENANCE = Verb("maintenance.state", "slipway.ops.maintenance:state", Nothing, Page)
