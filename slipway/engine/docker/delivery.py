"""Files of this machine for the ops container: sent as a stream into the volume of the backups, gone afterwards."""

from __future__ import annotations

import json
import os
import secrets
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from slipway.engine.docker.client import Connection
from slipway.errors import EngineError, SettingsError
from slipway.plan import Progress
from slipway.stack.accounts import ACCOUNTS

BACKUPS = "/var/lib/slipway-backups"
OWNER = ACCOUNTS.ops
CHUNK = 2**20
# A name that no list of backups shows; what a killed run left of it goes first.
PREFIX = ".from-"
TREE = "tree"
UNDER_WAY: list[str] = []  # deliveries of this process, of which one may be inside another


@contextmanager
def deliver_backup(connection: Connection, container: str, folder: Path, progress: Progress) -> Iterator[str]:
    """The directory's path in the container. Raises SettingsError for one that is no backup, EngineError."""
    if not (folder / "manifest.json").is_file():
        raise SettingsError(
            str(folder), "no manifest.json in it", "the directory of one backup", "./invoke backups.get ID"
        )
    with deliver(connection, container, parts(folder.resolve()), progress) as inside:
        yield f"{inside}/{folder.resolve().name}"


@contextmanager
def deliver_tree(connection: Connection, container: str, folder: Path, progress: Progress) -> Iterator[str]:
    """The path in the container of a directory with all that is in it. Raises SettingsError where there is none."""
    if not folder.is_dir():
        raise SettingsError(str(folder), "no directory", "one of this machine's", f"ls {folder.parent}")
    with deliver(connection, container, every_file(folder.resolve()), progress) as inside:
        yield f"{inside}/{TREE}"


@contextmanager
def deliver(
    connection: Connection, container: str, files: Iterator[tuple[Path, str]], progress: Progress
) -> Iterator[str]:
    """A directory in the container with these files by their names there, gone after the block. Raises EngineError."""
    from docker.errors import APIError

    inside = f"{PREFIX}{secrets.token_hex(4)}"
    if not UNDER_WAY:
        clear(connection, container)
    UNDER_WAY.append(inside)
    try:
        connection.api.api.put_archive(container, BACKUPS, stream(files, inside, progress))
        yield f"{BACKUPS}/{inside}"
    except APIError as error:
        raise EngineError(
            "ops", error.explanation or str(error), "room in the volume of the backups", "df -h"
        ) from None
    finally:
        UNDER_WAY.remove(inside)
        clear(connection, container, "" if not UNDER_WAY else inside)


def clear(connection: Connection, container: str, name: str = "") -> None:
    """Removes one delivery, or all that there are."""
    words = ["sh", "-c", f"rm -rf {BACKUPS}/{name or f'{PREFIX}*'}"]
    made = connection.api.api.exec_create(container, words)
    connection.api.api.exec_start(made["Id"])


def stream(files: Iterator[tuple[Path, str]], inside: str, progress: Progress) -> Iterator[bytes]:
    """The files as a tar archive made while it is sent."""
    reading, writing = os.pipe()

    def write() -> None:
        made: set[str] = set()
        with os.fdopen(writing, "wb") as sink, tarfile.open(fileobj=sink, mode="w|") as tar:
            for path, name in files:
                whole = PurePosixPath(inside, name)
                for above in reversed(whole.parents[:-1]):
                    if str(above) not in made:  # one that is not in the archive would be root's, for good
                        made.add(str(above))
                        tar.addfile(directory(str(above)))
                tar.add(path, str(whole), recursive=False, filter=set_owner)

    threading.Thread(target=write, daemon=True).start()
    sent = 0
    with os.fdopen(reading, "rb") as source:
        while chunk := source.read(CHUNK):
            yield chunk
            sent += len(chunk)
            progress.count(sent, None, "bytes")


def parts(folder: Path) -> Iterator[tuple[Path, str]]:
    """Each file with its name in the archive: the backup's own, then its objects' from the pool beside it."""
    for path in sorted(folder.iterdir()):
        yield path, f"{folder.name}/{path.name}"
    pool, seen = folder.parent / "objects", set()
    listing = folder / "objects.jsonl"
    for line in listing.open(encoding="utf-8") if listing.exists() and pool.is_dir() else ():
        digest = json.loads(line)["sha256"]
        if digest and digest not in seen and (path := pool / digest[:2] / digest).exists():
            seen.add(digest)
            yield path, f"objects/{digest[:2]}/{digest}"


def every_file(folder: Path) -> Iterator[tuple[Path, str]]:
    """Each file below a directory with its name in the archive."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path, f"{TREE}/{path.relative_to(folder)}"


def directory(name: str) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode = tarfile.DIRTYPE, 0o700
    return set_owner(entry)


def set_owner(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = OWNER
    entry.uname = entry.gname = ""
    return entry
