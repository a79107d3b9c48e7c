"""A migration as another tool has it, and what reads its files and its history: the shape that every tool here has."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from slipway.data.migrations.interface import Foreign
from slipway.data.sql import file, lexer
from slipway.errors import MigrationError


@dataclass(frozen=True)
class Part:
    """The SQL of one way. `as_read`: the same with each line where it is in the tool's file, if others were taken out.

    `origin` is that file, where it is not the one of the way up.
    """

    text: bytes
    transactional: bool = True
    as_read: bytes = b""
    origin: str = ""


@dataclass(frozen=True)
class Theirs:
    """One migration of the tool.

    `version` is what its history calls it, `number` the digits of its name (none where they are no whole number),
    `checksums` what the tool itself may have kept of this content (nothing where it keeps none).
    """

    version: str
    number: str
    name: str
    origin: str
    up: Part
    down: Part | None = None
    checksums: tuple[str, ...] = ()


@dataclass(frozen=True)
class Read:
    """What a directory holds: the migrations in the tool's own order, and what the tool passes over as well."""

    migrations: tuple[Theirs, ...]
    passed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Applied:
    """What a history says: the versions that the tool would not run again, and what there is to say of them."""

    versions: frozenset[str]
    notes: tuple[str, ...] = ()


Rows = Sequence[tuple]
Lines = list[tuple[int, bytes]]  # with their numbers in the tool's file


@dataclass(frozen=True)
class Tool:
    """One tool. `read` takes a directory and what messages call it; `applied` the rows of its table and our files."""

    name: str
    read: Callable[[Path, str], Read]
    table: str
    columns: Mapping[str, str]  # those that `applied` gets, with their types in short, in this order
    order: str
    applied: Callable[[Rows, Mapping[str, Foreign]], Applied]
    schema: str = ""  # the only one that it may be in; otherwise it is looked for
    in_the_way: bool = False  # its table has the name of golang-migrate's


def refuse(where: str, found: str, expected: str, then: str) -> MigrationError:
    return MigrationError(where, found, expected, then)


def line_of(text: bytes, offset: int) -> int:
    return text.count(b"\n", 0, offset) + 1


def read_text(path: Path, label: str) -> bytes:
    """The file's bytes. Raises MigrationError with the line where they are not UTF-8."""
    with file.readable(label):
        text = path.read_bytes()
        digest = file.Digest()
        digest.add(text)
        digest.finish()
    return text


def part_of(lines: Lines, transactional: bool) -> Part:
    """A way of which these lines of the tool's file are kept."""
    as_read, place = [], 1
    for number, line in lines:
        as_read.append(b"\n" * (number - place) + line)
        place = number + line.count(b"\n")
    return Part(b"".join(line for _, line in lines), transactional, b"".join(as_read))


def way_back(part: Part) -> Part | None:
    """A way down; none where no statement is in it, for that brings nothing back."""
    return part if lexer.statements(part.text.decode()) else None


def listed(folder: Path, label: str) -> list[Path]:
    """What is in a directory, by name, without what editors leave. Raises MigrationError where it cannot be read."""
    try:
        return sorted((each for each in folder.iterdir() if not file.is_leftover(each.name)), key=lambda one: one.name)
    except OSError as error:
        found = f"cannot be read: {error.strerror}"
        raise refuse(f"{label}/", found, "the directory of the tool's migrations", f"ls -l {label}") from None


def plain_name(text: str) -> str:
    """What a migration is called after its number: letters that are no trouble in a file's name."""
    return re.sub(r"[^\w.-]+", "_", text).strip("_.-") or "migration"


def checksums(text: bytes, of: Callable[[bytes], str]) -> tuple[str, ...]:
    """What a tool may have kept of a content: git may have given it Unix or Windows line ends since."""
    unix = text.replace(b"\r\n", b"\n")
    return tuple(dict.fromkeys(map(of, (text, unix, unix.replace(b"\n", b"\r\n")))))


def only_in_the_database(tool: str, table: str, version: str) -> MigrationError:
    return refuse(
        f"{table}: {version}",
        f"{tool} has run it, and the directory does not have it",
        "the file of every migration that was run",
        "git log -- the directory, and put the file back",
    )


def stopped(tool: str, table: str, version: str, then: str) -> MigrationError:
    return refuse(f"{table}: {version}", f"{tool} stopped in its middle", "a database in a known state", then)


def edited(tool: str, origin: str) -> str:
    return f"{origin} was edited after {tool} ran it (another checksum): the database has what it was before"
