"""Which copies are there: one request for a hundred backups, and a copy counts only with its manifest, written last."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from slipway.data.backups import folder, manifest
from slipway.data.backups.interface import Copies, Elsewhere
from slipway.data.backups.interface import Copy as Listed
from slipway.data.endpoints import Endpoints
from slipway.data.offsite import place
from slipway.data.offsite.place import SEALED, Remote
from slipway.errors import SlipwayError


@dataclass
class Copy:
    """One backup elsewhere: its files as the store lists them, by their names there."""

    identity: str
    files: dict[str, dict] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        return bool(self.files.keys() & {manifest.NAME, manifest.NAME + SEALED})

    @property
    def is_sealed(self) -> bool:
        return manifest.NAME + SEALED in self.files

    @property
    def is_proven(self) -> bool:
        """Evidence is copied only where it proves."""
        return bool(self.files.keys() & {manifest.EVIDENCE, manifest.EVIDENCE + SEALED})

    @property
    def parts(self) -> tuple[str, ...]:
        names = {"database": manifest.DUMP, "objects": manifest.LIST}
        return tuple(part for part, name in names.items() if self.files.keys() & {name, name + SEALED})

    @property
    def newest(self) -> datetime:
        """When the last of its files came."""
        return max(found["LastModified"] for found in self.files.values())

    @property
    def bytes(self) -> int:
        return sum(found["Size"] for found in self.files.values())


def copies(remote: Remote) -> dict[str, Copy]:
    """Every copy by the id of its backup, incomplete ones too."""
    found: dict[str, Copy] = {}
    for each in remote.list_objects(remote.backups):
        identity, _, name = each["Key"].removeprefix(remote.backups).partition("/")
        if folder.ID.fullmatch(identity) and name:
            found.setdefault(identity, Copy(identity)).files[name] = each
    return found


def complete(remote: Remote) -> dict[str, Copy]:
    return {identity: copy for identity, copy in copies(remote).items() if copy.complete}


def summarize_copies(ends: Endpoints) -> Copies:
    """The copies; a store that does not answer must not hide the backups that are here."""
    if not ends.offsite:
        return Copies(False, {}, "")
    try:
        remote = place.open_remote(ends)
        with place.translate_failures(remote, "off-site copies"):
            found = complete(remote)
    except SlipwayError as error:
        return Copies(True, {}, error.found)
    return Copies(True, {identity: facts(copy) for identity, copy in found.items()}, "")


def facts(copy: Copy) -> Listed:
    return Listed(copy.bytes, copy.is_sealed, copy.is_proven, copy.parts)


def only_there(there: Mapping[str, Listed], here: Collection[str]) -> list[Elsewhere]:
    """What can be said of copies whose backup is not here, without bringing them back."""
    return [
        Elsewhere(identity, False, copy.bytes, copy.sealed, copy.parts, copy.proven, "off-site")
        for identity, copy in there.items()
        if identity not in here
    ]
