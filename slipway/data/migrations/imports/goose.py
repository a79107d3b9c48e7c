"""goose (pressly/goose): `NNN_name.sql` with the ways up and down between annotations."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from slipway.data.migrations.imports.model import (
    Applied,
    Foreign,
    Lines,
    Read,
    Rows,
    Theirs,
    Tool,
    listed,
    only_in_the_database,
    part_of,
    plain_name,
    read_text,
    refuse,
    way_back,
)
from slipway.data.sql import lexer

NAME = re.compile(r"(?P<number>[0-9]+)_(?P<name>.*)\.(?P<kind>sql|go)", re.DOTALL)
UP, DOWN, BEGIN, END = "up", "down", "statementbegin", "statementend"
KNOWN = (UP, DOWN, BEGIN, END, "no transaction", "envsub on", "envsub off")
TABLE = "goose_db_version"


def read(folder: Path, label: str) -> Read:
    """Its migrations by number. Raises MigrationError for what cannot be converted, with file and line."""
    found, passed = [], []
    for path in listed(folder, label):
        name, match = f"{label}/{path.name}", NAME.fullmatch(path.name)
        if not match or path.name.endswith("_test.go") or int(match["number"]) < 1:
            passed += [name] if path.suffix == ".sql" else []
        elif match["kind"] == "go":
            raise refuse(f"{name}:1", "a migration in Go", "SQL", f"write what it does as SQL in {name[:-3]}.sql")
        else:
            found.append(convert(match["number"], match["name"], name, read_text(path, name)))
    return Read(tuple(sorted(found, key=lambda each: int(each.version))), tuple(passed))


def convert(number: str, name: str, origin: str, text: bytes) -> Theirs:
    """One file split at its annotations, which are taken out; nothing else of it is changed."""
    ways = split(text, origin)
    up, down = (part_of(ways.lines.get(way, []), ways.transactional) for way in (UP, DOWN))
    return Theirs(str(int(number)), number, plain_name(name), origin, up, way_back(down))


@dataclass
class Ways:
    """The file on its way: the lines of each way with their numbers, and where the block that is open began among them."""

    lines: dict[str, Lines] = field(default_factory=dict)
    head: Lines = field(default_factory=list)
    way: str = ""
    block: int | None = None
    transactional: bool = True

    @property
    def here(self) -> Lines:
        return self.lines[self.way] if self.way else self.head


def split(text: bytes, origin: str) -> Ways:
    """The ways of a file, by goose's rules for annotations (internal/sqlparser)."""
    ways = Ways()
    for number, line in enumerate(text.splitlines(keepends=True), 1):
        where = f"{origin}:{number}"
        if line.strip().startswith(b"--") and b"+goose" in line:
            said = annotation(line.decode(), where)
            if said == END and ways.block is not None:
                ways.here.append((number, ending(b"".join(kept for _, kept in ways.here[ways.block :]))))
            obey(ways, said, where)
        elif not ways.way and line.strip() and not line.strip().startswith(b"--"):
            raise refuse(where, "SQL before -- +goose Up", "the annotation first", f"edit {origin}")
        else:
            ways.here.append((number, line))
    if UP not in ways.lines or ways.block is not None:
        missing = "StatementEnd" if UP in ways.lines else "Up"
        raise refuse(f"{origin}:1", f"no -- +goose {missing}", "a migration as goose runs it", f"edit {origin}")
    return ways


def annotation(line: str, where: str) -> str:
    """What an annotation says, in small letters. Raises MigrationError for one that goose would not take either."""
    said = " ".join(line.replace("--", "").replace("+goose", "", 1).lower().split())
    if line[0] in " \t" or said not in KNOWN:
        expected = "-- +goose Up, Down, StatementBegin, StatementEnd or NO TRANSACTION, without blanks before it"
        raise refuse(where, f"no annotation of goose: {line.strip()}", expected, f"edit {where.rpartition(':')[0]}")
    return said


def obey(ways: Ways, said: str, where: str) -> None:
    """Goes on as an annotation says. Raises MigrationError where it may not stand, and for variables."""
    if said == "envsub on":
        found = "goose puts variables of its environment into the SQL from here on"
        raise refuse(where, found, "SQL without variables", "write their values in their places, without ENVSUB")
    if said == "no transaction":
        ways.transactional = False
    elif said in (UP, DOWN) and (ways.block is None and said not in ways.lines and (said == UP) == (not ways.way)):
        ways.lines[said] = ways.head if said == UP else []
        ways.way = said
    elif said == BEGIN and ways.way and ways.block is None:
        ways.block = len(ways.here)
    elif said == END and ways.block is not None:
        ways.block = None
    elif said != "envsub off":
        raise refuse(where, f"-- +goose {said} cannot stand here", "the order that goose asks for", "edit that line")


def ending(block: bytes) -> bytes:
    """What a block of one statement lacks: the semicolon that StatementEnd stood for."""
    found = list(lexer.tokens(block.decode()))
    return b";\n" if found and found[-1][0] != "end" else b""


def applied(rows: Rows, files: Mapping[str, Foreign]) -> Applied:
    """The last row of a version counts; version 0 is goose's own."""
    last = {version: is_applied for version, is_applied in rows if version != "0"}
    versions = frozenset(version for version, is_applied in last.items() if is_applied)
    for version in sorted(versions - files.keys(), key=int):
        raise only_in_the_database("goose", TABLE, version)
    return Applied(versions)


TOOL = Tool("goose", read, TABLE, {"version_id": "text", "is_applied": "bool"}, "id", applied)
