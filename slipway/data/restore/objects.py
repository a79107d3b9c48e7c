"""The object store of a backup: put back by its list, or looked at whether it could be."""

from __future__ import annotations

from pathlib import Path

from slipway.data import mirror
from slipway.data.backups import folder, lock
from slipway.data.endpoints import Emit, Endpoints
from slipway.data.restore import looking, proof
from slipway.errors import BackupError

SAMPLE = 200  # objects whose bytes a drill reads


def restore(ends: Endpoints, args: dict, emit: Emit) -> dict:
    """Puts back the objects of backup `id`, or of the one in `folder`, that are absent or others now.

    args: id or folder, rename ({bucket then: bucket now}), look: true only looks whether all can be put back. Returns
    what `mirror.restore` does: {"made", "put", "bytes", "same", "extra", "extras", "deleted"}, or `mirror.look`:
    {"put", "bytes"}. Raises BackupError for a backup without objects.
    """
    path = looking.choose_backup(ends, args)
    with lock.hold_for_reading(path):
        found = looking.whole(path)
        if not found["objects"]:
            raise BackupError(
                f"backup {path.name}", "it holds no objects", "a backup of the object store", "./invoke backups.list"
            )
        work = mirror.look if args.get("look") else mirror.restore
        return work(ends, path, pool_of(ends, path), emit, rename=args.get("rename"))


def pool_of(ends: Endpoints, path: Path) -> Path:
    """The bytes are beside the backup, in the directory that it was taken or copied to."""
    beside = path.parent / folder.OBJECTS
    return beside if beside.is_dir() else folder.pool(ends)


def checks(ends: Endpoints, path: Path, found: dict) -> list[dict]:
    """Whether every object's bytes are kept, and some of them, chosen by chance, are what they were."""
    if not found["objects"]:
        return []
    count = sum(bucket["count"] for bucket in found["objects"]["buckets"].values())
    if not found["objects"]["bytes_kept"]:
        return [proof.check("objects", True, f"a list of {count:,}, without their bytes")]
    pool = pool_of(ends, path)
    problems = mirror.find_missing(path, pool) or mirror.sample(path, pool, SAMPLE, aside=True)
    return [proof.wrong("objects", problems, f"{count:,}, {min(count, SAMPLE)} of them read")]
