"""Flyway: `V1__name.sql` in a directory and those under it, the way back in `U1__name.sql`."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from slipway.data.migrations.imports.model import (
    Applied,
    Foreign,
    Part,
    Read,
    Rows,
    Theirs,
    Tool,
    edited,
    line_of,
    listed,
    only_in_the_database,
    plain_name,
    read_text,
    refuse,
    stopped,
    way_back,
)
from slipway.data.sql import lexer

NAME = re.compile(r"(?P<kind>[VU])(?P<version>[0-9]+(?:[._][0-9]+)*)__(?P<name>.*)\.sql", re.DOTALL)
SQL, CONF = (".sql", ".SQL"), ".conf"
OTHER = {
    "R__": ("a repeatable migration", "write what it does as a migration, anew for each change: ./invoke db.new"),
    "B": ("a baseline migration", "rename it to V…__ where the files before it are gone, or else leave it out"),
    "V": ("a migration that is no SQL, or has no version", "write what it does as SQL in a V…__ file of that version"),
    "U": ("a way back that is no SQL, or has no version", "write what it does as SQL in a U…__ file of that version"),
}
CALLBACK = re.compile(r"(?:(?:before|after)[A-Z]|createSchema)[A-Za-z]*(?:__.*)?\.sql")
PLACEHOLDER = re.compile(rb"\$\{[^}\n]*\}")
SETTING = re.compile(r"\s*(?P<key>[A-Za-z.]+)\s*[=:]\s*(?P<value>\S*)\s*")
KNOWN = ("executeInTransaction", "placeholderReplacement")
TABLE = "flyway_schema_history"
BASELINES = ("BASELINE", "SQL_BASELINE")
REPAIR = "finish or undo it, then: flyway repair"


def read(folder: Path, label: str) -> Read:
    """Its migrations by version. Raises MigrationError for what cannot be converted, with file and line."""
    ups: dict[str, Theirs] = {}
    downs: dict[str, tuple[str, Part | None]] = {}
    passed = []
    for path, name in walk(folder, label):
        match = NAME.fullmatch(path.name.replace(".SQL", ".sql"))
        if not match:
            passed += pass_over(path.name, name)
            continue
        version, part = key(match["version"]), read_part(path, name)
        if version in (ups if match["kind"] == "V" else downs):
            raise refuse(name, f"version {version} is there already", "one file for each version", f"rename {name}")
        if match["kind"] == "U":
            downs[version] = name, way_back(part)
        else:
            number = match["version"] if match["version"].isdigit() else ""
            sums = (str(checksum(part.text)),)
            ups[version] = Theirs(version, number, plain_name(match["name"]), name, part, None, sums)
    return Read(tuple(pair(ups, downs)), tuple(passed))


def walk(folder: Path, label: str) -> Iterator[tuple[Path, str]]:
    """Every file under a directory, and what messages call it."""
    for path in listed(folder, label):
        if path.is_dir():
            yield from walk(path, f"{label}/{path.name}")
        else:
            yield path, f"{label}/{path.name}"


def key(version: str) -> str:
    """A version as Flyway compares it: 1_0 is 1.0, which is 1."""
    parts = [int(part) for part in re.split("[._]", version)]
    while len(parts) > 1 and not parts[-1]:
        parts.pop()
    return ".".join(map(str, parts))


def pair(ups: Mapping[str, Theirs], downs: Mapping[str, tuple[str, Part | None]]) -> Iterator[Theirs]:
    for version in sorted(downs.keys() - ups.keys()):
        name = downs[version][0]
        raise refuse(name, "an undo without its migration", f"V{version}__….sql", f"put it back, or remove {name}")
    for version in sorted(ups, key=order):
        one = ups[version]
        yield Theirs(
            one.version, one.number, one.name, one.origin, one.up, downs.get(version, ("", None))[1], one.checksums
        )


def pass_over(file: str, label: str) -> list[str]:
    """What to say of a file that Flyway passes over. Raises MigrationError for what it would run."""
    if file.endswith(CONF):
        return []
    kind = next((start for start in OTHER if file.startswith(start) and "__" in file), "")
    if kind or CALLBACK.fullmatch(file):
        found, then = OTHER.get(kind, ("a callback", "write what it does as a hook or a migration: docs/hooks.md"))
        raise refuse(f"{label}:1", found, "V…__name.sql", f"{then}; then move {label} out of the directory")
    return [label] if file.endswith(SQL) else []


def read_part(path: Path, label: str) -> Part:
    """One file. Raises MigrationError with its line for a placeholder that Flyway would have put a value for."""
    text, settings = read_text(path, label), read_settings(path.with_name(path.name + CONF), label + CONF)
    found = PLACEHOLDER.search(text)
    if found and settings.get("placeholderReplacement") != "false":
        raise refuse(
            f"{label}:{line_of(text, found.start())}",
            f"a placeholder, {found[0].decode()}",
            "SQL without placeholders",
            f"write its value in its place in a copy of the directory; or placeholderReplacement=false in {label}{CONF} "
            "where Flyway replaced none",
        )
    # Flyway sees by itself that a statement refuses a transaction, and then runs all of its file without one.
    refused = any(lexer.refuses_transaction(each.words) for each in lexer.statements(text.decode()))
    return Part(text, settings.get("executeInTransaction", "false" if refused else "true") == "true", origin=label)


def read_settings(path: Path, label: str) -> dict[str, str]:
    """The settings beside a file. Raises MigrationError for one that means something else here."""
    settings = {}
    lines = read_text(path, label).decode().splitlines() if path.is_file() else []
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith(("#", "!")):
            continue
        match = SETTING.fullmatch(line)
        if not match or match["key"] not in KNOWN:
            raise refuse(
                f"{label}:{number}", line.strip(), " or ".join(KNOWN), f"convert {label[: -len(CONF)]} by hand"
            )
        settings[match["key"]] = match["value"].lower()
    return settings


def checksum(text: bytes) -> int:
    """The CRC-32 of the lines without their ends, as a signed number."""
    whole = zlib.crc32(b"".join(text.removeprefix(b"\xef\xbb\xbf").splitlines()))
    return whole - 2**32 if whole >= 2**31 else whole


def applied(rows: Rows, files: Mapping[str, Foreign]) -> Applied:
    """The versions that were run and not undone, and those that a baseline stands for."""
    found: dict[str, str] = {}
    base: list[int] = []
    for version, kind, success, kept in rows:
        if not success:
            raise stopped("Flyway", TABLE, version or "a repeatable migration", REPAIR)
        if not version:
            continue
        if kind in BASELINES:
            base = order(key(version))
        elif kind.startswith("UNDO") or kind == "DELETE":
            found.pop(key(version), None)
        else:
            found[key(version)] = kept or ""
    for version in sorted(found.keys() - files.keys(), key=order):
        raise only_in_the_database("Flyway", TABLE, version)
    notes = [
        edited("Flyway", files[version].origin)
        for version, kept in found.items()
        if kept and kept not in files[version].checksums
    ]
    below = frozenset(version for version in files if base and order(version) <= base)
    return Applied(frozenset(found) | below, tuple(notes))


def order(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]


COLUMNS = {"version": "text", "type": "text", "success": "bool", "checksum": "text"}
TOOL = Tool("flyway", read, TABLE, COLUMNS, "installed_rank", applied)
