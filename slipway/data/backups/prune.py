"""`backups.prune`: removes what no rule keeps. What cannot be removed whole is not listed any more, and is tried again."""

from __future__ import annotations

import fcntl
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from slipway.data import mirror
from slipway.data.backups import folder, listing, lock, retention
from slipway.data.backups.interface import Prune, Pruned
from slipway.data.endpoints import Emit, Endpoints
from slipway.data.offsite import pruning as elsewhere
from slipway.data.progress import progress
from slipway.errors import BackupError


def prune(ends: Endpoints, args: Prune, emit: Emit) -> Pruned:
    """Removes what no rule keeps, here and elsewhere. Raises LockHeld while a backup is taken, BackupError."""
    here = outcome(*plan(ends)) if args.dry_run else prune_backups(ends, emit)
    return replace(here, offsite=elsewhere.prune(ends, args.dry_run, emit) if ends.offsite else None)


def prune_backups(ends: Endpoints, emit: Emit) -> Pruned:
    with lock.hold_lock(ends, "a prune") as place:
        found, kept = plan(ends)
        gone = [each for each in found[::-1] if each["id"] not in kept and remove(each["path"], place)]
        lock.clear(place)
        return replace(outcome(found, kept, gone), objects=sweep_pool(ends, place, emit) if gone else 0)


def sweep_pool(ends: Endpoints, place: Path, emit: Emit) -> int:
    """Removes from the pool what no backup names; nothing while a damaged one may name more than can be read."""
    if folder.list_damaged(ends):
        return 0
    progress(emit, "removing objects that no backup names", 0, 0, "")
    return mirror.sweep(place)


def plan(ends: Endpoints) -> tuple[list[dict], dict[str, str]]:
    """Every backup, newest first, and those that stay with their reasons."""
    found = folder.list_backups(ends)
    backups = [
        retention.Backup(each["id"], listing.taken_at(each), each["proven"], tuple(each["parts"])) for each in found
    ]
    return found, retention.choose_kept(backups, ends.backup.keep, datetime.now(UTC))


def remove(path: Path, place: Path) -> bool:
    """Takes a backup out of the list, at once and whole; False where somebody reads it. Its files go afterwards."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        return False
    try:
        if not lock.try_lock(handle, fcntl.LOCK_EX):
            return False
        path.rename(place / f"{folder.PARTIAL}{path.name}-pruned")
        return True
    except OSError as error:
        raise BackupError(
            f"backup {path.name}", error.strerror or str(error), "a directory that may be renamed", f"ls -la {place}"
        ) from None
    finally:
        os.close(handle)


def outcome(found: list[dict], kept: dict[str, str], gone: list[dict] | None = None) -> Pruned:
    going = [each for each in found if each["id"] not in kept]
    removed = going if gone is None else gone
    names = {each["id"] for each in removed}
    return Pruned(
        {each["id"]: kept[each["id"]] for each in found if each["id"] in kept},
        tuple(each["id"] for each in found if each["id"] in names),
        tuple(each["id"] for each in going if each["id"] not in names),
        objects=0,
        bytes=sum(file["bytes"] for each in removed for file in each["files"].values()),
        offsite=None,
    )
