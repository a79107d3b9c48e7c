"""What can be asked of copies elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

from slipway.data.verb import Verb


@dataclass(frozen=True)
class Push:
    """Copy a backup, or every one that is not there yet; `wait` seconds for another copying."""

    id: str | None = None
    wait: float = 0


@dataclass(frozen=True)
class Sent:
    """A backup that was copied: what was sent of it."""

    id: str
    bytes: int
    objects: int


@dataclass(frozen=True)
class Pushed:
    """What was copied, and where to."""

    pushed: tuple[Sent, ...]
    to: str


@dataclass(frozen=True)
class Fetch:
    """Bring a copy back; `identity` is the text of an age identity file, `stack` names another stack's copies."""

    id: str = "latest"
    identity: str = ""
    stack: str = ""
    wait: float = 0


@dataclass(frozen=True)
class Fetched:
    """What was brought back; `here` says that it was here and whole."""

    id: str
    bytes: int
    objects: int
    here: bool


PUSH = Verb("backups.push", "slipway.data.offsite.push:push", Push, Pushed, alone=True)
FETCH = Verb("backups.fetch", "slipway.data.offsite.fetch:fetch", Fetch, Fetched, alone=True, confidential=True)
