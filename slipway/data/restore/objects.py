"""The object store of a backup: put back by its list, or looked at whether it could be."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from slipway.data import mirror
from slipway.data.backups import folder, lock
from slipway.data.endpoints import Emit, Endpoints
from slipway.data.restore import looking, proof
from slipway.data.restore.interface import Absent, Check, PutBack, Source
from slipway.errors import BackupError

SAMPLE = 200  # objects whose bytes a drill reads


def restore(ends: Endpoints, args: Source, emit: Emit) -> PutBack:
    """Puts back the objects of a backup that are absent or others now. Raises BackupError for one without objects."""
    with read_backup(ends, args) as path:
        return mirror.restore(ends, path, pool_of(ends, path), emit)


def look(ends: Endpoints, args: Source, emit: Emit) -> Absent:
    """Only looks whether all can be put back."""
    with read_backup(ends, args) as path:
        return mirror.look(ends, path, pool_of(ends, path), emit)


@contextmanager
def read_backup(ends: Endpoints, args: Source) -> Iterator[Path]:
    path = looking.choose_backup(ends, args)
    with lock.hold_for_reading(path):
        if not looking.whole(path)["objects"]:
            raise BackupError(
                f"backup {path.name}", "it holds no objects", "a backup of the object store", "./invoke backups.list"
            )
        yield path


def pool_of(ends: Endpoints, path: Path) -> Path:
    """The bytes are beside the backup, in the directory that it was taken or copied to."""
    beside = path.parent / folder.OBJECTS
    return beside if beside.is_dir() else folder.pool(ends)


def checks(ends: Endpoints, path: Path, found: dict) -> list[Check]:
    """Whether every object's bytes are kept, and some of them, chosen by chance, are what they were."""
    if not found["objects"]:
        return []
    count = sum(bucket["count"] for bucket in found["objects"]["buckets"].values())
    if not found["objects"]["bytes_kept"]:
        return [Check("objects", True, f"a list of {count:,}, without their bytes")]
    pool = pool_of(ends, path)
    problems = mirror.find_missing(path, pool) or mirror.sample(path, pool, SAMPLE, aside=True)
    return [proof.wrong("objects", problems, f"{count:,}, {min(count, SAMPLE)} of them read")]
