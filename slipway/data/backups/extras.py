"""What a backup holds beside the database: objects, stores that are kept whole, and the names of the settings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from slipway.data import records
from slipway.data.backups import folder, manifest
from slipway.data.backups import parts as known
from slipway.data.endpoints import Emit, Endpoints

RECORD = "settings"


def write(ends: Endpoints, parts: Sequence[str], work: Path, keys: Sequence[str] | None, emit: Emit) -> dict:
    """Writes them into `work` and returns what the manifest says of them."""
    manifest.put(work / manifest.KEYS, "".join(f"{key}\n" for key in names(ends, keys)).encode())
    found: dict = {}
    if "objects" in parts and ends.backup.objects != "off" and ends.s3_endpoint:
        found["objects"] = objects(ends, work, emit)
    for part in known.load():
        if part.wanted(ends, parts):
            found[part.name] = {"bytes": part.save(ends, work / part.file, emit)}
    return found


def objects(ends: Endpoints, work: Path, emit: Emit) -> dict:
    from slipway.data import mirror

    return mirror.take(ends, work, folder.pool(ends), emit, bytes=ends.backup.objects == "bytes")


def names(ends: Endpoints, keys: Sequence[str] | None) -> list[str]:
    """Names of the settings, never their values: as they were told now, or last, for a schedule is told nothing."""
    if keys is not None:
        records.write(ends.state_dir, RECORD, {"keys": sorted(keys)})
        return sorted(keys)
    return list(records.read(ends.state_dir, RECORD).get("keys", []))
