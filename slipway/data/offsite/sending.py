"""One file on its way elsewhere: sealed first where that is asked, sent in parts, proven, locked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from slipway.data.mirror.crew import Tally
from slipway.data.mirror.pool import digests
from slipway.data.objects import multipart
from slipway.data.offsite import locking, sealing
from slipway.data.offsite.locking import Rule
from slipway.data.offsite.naming import Names
from slipway.data.offsite.place import SEALED, Remote
from slipway.errors import VerificationError


@dataclass(frozen=True)
class Way:
    """How files get there: for which keys they are sealed, under which names, locked until when."""

    remote: Remote
    spool: Path
    names: Names
    keys: list
    rule: Rule

    @property
    def sealed(self) -> bool:
        return bool(self.keys)

    @property
    def ending(self) -> str:
        return SEALED if self.sealed else ""


def plainly(way: Way) -> Way:
    """The same way for what is never sealed."""
    return replace(way, keys=[])


def send(way: Way, names: dict, source: Path, sha256: str, work: Path, tally: Tally) -> None:
    """Sends a file whose sha256 is known. `work` is where its sealed form stays until it is sent: what breaks off goes
    on with the same bytes."""
    path, digest = (seal_file(source, sha256, work, way.keys), "") if way.sealed else (source, sha256)
    multipart.store(way.remote.client, names, path, digest or digests(path)[0], way.rule.about(), tally, resume=True)
    locking.hold(way.remote, names, way.rule)


def seal_file(source: Path, sha256: str, target: Path, keys: list) -> Path:
    """The sealed form of a file; the one that a former try has made, if there is one."""
    if not target.exists():
        found = digests(source)[0]
        if found != sha256:
            raise VerificationError(
                str(source),
                f"holds other bytes (sha256 {found[:12]}…)",
                f"sha256 {sha256[:12]}…",
                "./invoke backups.verify; nothing was sent",
            )
        sealing.seal(source, target, keys)
    return target


def is_there(found: dict | None, path: Path) -> bool:
    """Whether the store lists these very bytes, by its digest of them."""
    if not found or found["Size"] != path.stat().st_size:
        return False
    return found["ETag"].strip('"') in (digests(path)[1], multipart.joined_etag(path))
