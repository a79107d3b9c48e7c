"""The content pool: bytes under the name of their sha256, so that no key ever touches the file system."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from slipway.system import disk

INCOMING = ".incoming-"
DAMAGED = ".damaged-"
PIECE = 256 * 1024


@dataclass(frozen=True)
class Incoming:
    """Bytes that have arrived and are in no backup yet."""

    path: Path
    size: int
    sha256: str
    md5: str


@dataclass(frozen=True)
class Pool:
    """A directory of files named by their sha256, in folders named by its first two digits."""

    root: Path

    def path(self, sha256: str) -> Path:
        return self.root / sha256[:2] / sha256

    def has(self, sha256: str, size: int) -> bool:
        """Whether the bytes are there, by name and size."""
        try:
            return self.path(sha256).stat().st_size == size
        except OSError:
            return False

    def incoming_path(self) -> Path:
        """A name for bytes that arrive."""
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        return self.root / f"{INCOMING}{secrets.token_hex(8)}"

    def take_in(self, pieces: Iterable[bytes]) -> Incoming:
        """Writes pieces to a temporary file, flushed to the disk. Nothing stays if they break off."""
        path = self.incoming_path()
        sha256, md5, size = hashlib.sha256(), hashlib.md5(usedforsecurity=False), 0
        try:
            with path.open("xb") as file:
                for piece in pieces:
                    file.write(piece)
                    sha256.update(piece)
                    md5.update(piece)
                    size += len(piece)
                file.flush()
                os.fsync(file.fileno())
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return Incoming(path, size, sha256.hexdigest(), md5.hexdigest())

    def keep(self, incoming: Incoming) -> None:
        """Gives arrived bytes their name, in place of a file that has it: what just arrived is known to be right."""
        target = self.path(incoming.sha256)
        target.parent.mkdir(exist_ok=True)
        incoming.path.replace(target)

    def set_aside(self, sha256: str) -> None:
        """Takes its name from a file that holds other bytes, so that the next backup or fetch brings the right ones."""
        self.path(sha256).replace(self.root / f"{DAMAGED}{sha256}")

    def settle(self) -> None:
        """Flushes the names too: after this a power cut takes nothing back."""
        if self.root.is_dir():
            for folder in (*folders(self.root), self.root):
                disk.sync_path(folder)

    def files(self) -> Iterable[Path]:
        """Every file of the pool that bears a name, in no order."""
        for folder in folders(self.root):
            yield from folder.iterdir()

    def leftovers(self) -> Iterable[Path]:
        """Temporary files of those who were killed, or who still write."""
        return self.root.glob(f"{INCOMING}*")


def folders(root: Path) -> list[Path]:
    return [folder for folder in root.iterdir() if folder.is_dir()] if root.is_dir() else []


def digests(path: Path) -> tuple[str, str]:
    """sha256 and md5 of a file."""
    sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            sha256.update(piece)
            md5.update(piece)
    return sha256.hexdigest(), md5.hexdigest()
