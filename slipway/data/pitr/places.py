"""The data directory, the ones beside it, and how they change places: whole, in one moment, safe to kill.

A restored cluster carries a mark with the restore's id. So a directory tells by itself whether it is the one that was
restored or the one that was served before, whatever its name is at the moment when somebody pulls the plug.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import shutil
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from slipway.data import records
from slipway.data.endpoints import Endpoints
from slipway.errors import EngineError
from slipway.system import disk

MARK = "slipway.restored"
UNPROVEN = "slipway.unproven"  # while it is in a data directory, the archive command of the server fails
NEW, BEFORE = ".restoring-", ".before-"
RECORD = "pitr-restore"
DONE = "done"
EXCHANGE, HERE = 2, -100  # renameat2(2): RENAME_EXCHANGE, AT_FDCWD


def live() -> Path:
    return Path(os.environ["PGBACKREST_PG1_PATH"])


def new(number: str) -> Path:
    """Where a restore works until it is proven."""
    return live().with_name(live().name + NEW + number)


def before(number: str) -> Path:
    """Where the cluster goes that a restore has taken the place of."""
    return live().with_name(live().name + BEFORE + number)


def beside(kind: str) -> list[Path]:
    return sorted(live().parent.glob(live().name + kind + "*"))


def list_kept() -> list[dict]:
    """Clusters of before a restore, with their sizes in bytes."""
    return [{"path": str(path), "bytes": size(path)} for path in beside(BEFORE)]


def size(path: Path) -> int:
    return sum(file.lstat().st_blocks * 512 for file in path.rglob("*") if not file.is_symlink())


def mark(path: Path, facts: dict) -> None:
    """Says in the directory itself which restore it comes from, and that it has not served. On disk when this returns."""
    (path / UNPROVEN).touch()
    with (path / MARK).open("w", encoding="utf-8") as file:
        json.dump(facts, file)
        file.flush()
        os.fsync(file.fileno())
    disk.sync_path(path)


def prove() -> None:
    """The live cluster serves: what it writes may be archived."""
    (live() / UNPROVEN).unlink(missing_ok=True)


def read_mark(path: Path) -> dict:
    try:
        return json.loads((path / MARK).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def exchange(one: Path, other: Path) -> None:
    """Lets two directories change names in one moment. Raises EngineError where the file system cannot."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.renameat2(HERE, os.fsencode(one), HERE, os.fsencode(other), EXCHANGE):
        raise EngineError(
            str(one),
            f"cannot change places with {other.name}: {os.strerror(ctypes.get_errno())}",
            "a file system that exchanges two names at once, such as ext4, XFS or btrfs",
            f"with Postgres stopped, move {one} away and {other} there by hand",
        )
    disk.sync_path(one.parent)


def is_running() -> bool:
    """Whether a server answers on the socket in the volume; a file that one left when it was killed does not."""
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(f"{os.environ['PGBACKREST_PG1_SOCKET_PATH']}/.s.PGSQL.5432") == 0


def remove(path: Path) -> None:
    """Takes a directory away; renamed first, so that half of one is never taken for a cluster."""
    if path.exists():
        gone = path.with_name(path.name + ".removing")
        path.rename(gone)
        shutil.rmtree(gone)


def switch(number: str) -> None:
    """Puts the restored cluster in the place of the live one, and that one aside; goes on where it was cut short."""
    if read_mark(live()).get("id") != number:
        exchange(live(), new(number))
    if new(number).exists():
        new(number).rename(before(number))
        disk.sync_path(live().parent)


def switch_back(number: str) -> None:
    """The opposite; the restored one is left where a restore works, and goes with the next one."""
    if read_mark(live()).get("id") == number:
        other = before(number) if before(number).exists() else new(number)
        exchange(live(), other)
        if other != new(number):
            other.rename(new(number))
            disk.sync_path(live().parent)


def history() -> str:
    """What the cluster's newest .history file says; nothing on its first timeline."""
    files = sorted((live() / "pg_wal").glob("*.history"))
    return files[-1].read_text() if files else ""


@contextmanager
def alone(ends: Endpoints) -> Iterator[None]:
    """Only one verb works on these directories. Another one outlived the command that gave it: it is ended first."""
    with ((ends.state_dir or live().parent) / "pitr.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            end(file.read())
            fcntl.flock(file, fcntl.LOCK_EX)
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def end(text: str) -> None:
    if text.isdigit():
        with suppress(ProcessLookupError):
            os.kill(int(text), signal.SIGTERM)


def record(ends: Endpoints, **facts) -> dict:
    """Writes down how far a restore is."""
    found = records.read(ends.state_dir, RECORD) | facts
    records.write(ends.state_dir, RECORD, found)
    return found


def find_unfinished(ends: Endpoints) -> dict:
    """The restore that was begun and not ended, or nothing."""
    found = records.read(ends.state_dir, RECORD)
    return found if found and found.get("phase") != DONE else {}


def settle(ends: Endpoints) -> dict:
    """Ends what a restore that was cut short began: its record with "restored", or an empty one.

    Switched, it is finished: the restored cluster is in place and the other one is kept. Otherwise nothing had changed,
    and its directory is removed.
    """
    cut = find_unfinished(ends)
    if not cut:
        return {}
    with alone(ends):
        restored = read_mark(live()).get("id") == cut["id"]
        if restored:
            switch(cut["id"])
        for path in beside(NEW):
            remove(path)
        return record(ends, phase=DONE, restored=restored)


def remarks(ends: Endpoints) -> list[str]:
    """What a restore that was cut short left, for a person."""
    cut = find_unfinished(ends)
    if not cut:
        return []
    which = "the restored cluster" if read_mark(live()).get("id") == cut["id"] else "the cluster of before"
    return [f"a restore to {cut['target']} was cut short at its {cut['phase']}; {which} is in place"]
