"""Where converted migrations go: beside those that are there, and never over one of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from slipway.data.migrations import files
from slipway.data.migrations.files import Migration
from slipway.data.migrations.imports.convert import Ours
from slipway.data.sql.file import fingerprint
from slipway.errors import MigrationError


def find_missing(there: Sequence[Migration], ours: Sequence[Ours], folder: str) -> dict[str, bytes]:
    """The files to write, by name: those that are not there yet. Raises MigrationError where numbers are taken."""
    known = {each.version: each for each in there}
    missing: dict[str, bytes] = {}
    clashes: list[str] = []
    for each in ours:
        present = known.get(each.version)
        for name, content in each.files.items():
            source = None if present is None else present.down if name.endswith(".down.sql") else present.up
            if source is None:
                missing[name] = content
            elif source.sha256 != fingerprint(content):
                clashes.append(f"{source.label} has the number of {folder}/{name}, and another content")
    if clashes:
        raise taken(clashes, folder)
    return missing


def taken(clashes: Sequence[str], folder: str) -> MigrationError:
    """The first file that is in the way as an error; the others are its log."""
    label, _, found = clashes[0].partition(" ")
    return MigrationError(
        label,
        found,
        f"no other migrations of these numbers in {folder}/",
        f"git rm {label}, if it is an example that came with Slipway or is left of another import; or give it a number "
        "after those that are imported",
        tuple(clashes[1:]),
    )


def others(there: Sequence[Migration], ours: Sequence[Ours]) -> tuple[int, ...]:
    """The numbers of the migrations that lie beside them."""
    return tuple(sorted({each.version for each in there} - {each.version for each in ours}))


def read(folder: Path) -> tuple[Migration, ...]:
    """What is there; nothing where the directory is not. Raises MigrationError for what cannot be understood."""
    found, problems = files.read(folder) if folder.is_dir() else ((), ())
    if problems:
        raise problems[0].error()
    return found


def write(folder: Path, missing: dict[str, bytes]) -> None:
    """Writes each of them where nothing is."""
    folder.mkdir(exist_ok=True)
    for name, content in missing.items():
        with open(folder / name, "xb") as file:
            file.write(content)
