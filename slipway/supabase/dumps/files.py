"""What is in a directory of dumps: told by what the files hold, never by their names."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from slipway.errors import BackupError, SettingsError

CUSTOM, TAR_MEMBER, TOC, GZIP = b"PGDMP", b"toc.dat\0", "toc.dat", b"\x1f\x8b"
ENDS = (b"RESET ALL;", b"-- PostgreSQL database dump complete", b"-- PostgreSQL database cluster dump complete")
TAIL = 1024  # bytes at the end of a text, in which its last words are
WANTED = "what `supabase db dump` or `pg_dump` wrote: texts as .sql, archives, and directories with a toc.dat"


@dataclass(frozen=True)
class Dumps:
    """The dumps of a directory, each kind in the order of names."""

    archives: tuple[Path, ...]
    texts: tuple[Path, ...]


def look(folder: Path) -> Dumps:
    """The archives and texts below a directory. Raises SettingsError where there are none, BackupError for a cut text."""
    found = list(places(folder)) if folder.is_dir() else []
    if not found:
        raise SettingsError(str(folder), "no dumps in it", WANTED, f"ls {folder}")
    archives = tuple(path for path in found if is_archive(path))
    texts = tuple(path for path in found if path not in archives)
    for path in texts:
        refuse_unfit(path)
    return Dumps(archives, texts)


def places(folder: Path) -> Iterator[Path]:
    """Files, and directories that are one archive. A tree of objects beside them has no .sql at its top and is passed by."""
    for path in sorted(folder.iterdir()):
        is_one = (path / TOC).is_file() if path.is_dir() else is_archive(path) or path.suffix in (".sql", ".gz")
        if is_one and not path.name.startswith("."):
            yield path


def is_archive(path: Path) -> bool:
    """Whether pg_restore reads it: a directory with its list, or a file of the custom or the tar format."""
    if path.is_dir():
        return True
    with path.open("rb") as file:
        return file.read(len(TAR_MEMBER)).startswith((CUSTOM, TAR_MEMBER))


def refuse_unfit(path: Path) -> None:
    """Raises BackupError for a text that is packed, or that ends before its last words."""
    with path.open("rb") as file:
        if file.read(2) == GZIP:
            raise BackupError(
                str(path.name), "packed by gzip", "a text, or an archive of pg_dump", f"gunzip {path.name}"
            )
        file.seek(max(0, os.fstat(file.fileno()).st_size - TAIL))
        last = file.read()
    if not any(end in last for end in ENDS):
        raise BackupError(
            path.name,
            f"it ends before its end, with {last[-40:].decode(errors='replace').strip()!r}",
            "RESET ALL; or -- PostgreSQL database dump complete in its last lines: the file was cut",
            "the whole file, from where it was copied; a text of your own needs RESET ALL; as its last line",
        )
