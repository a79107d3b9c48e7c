"""dbmate (amacneil/dbmate): `NNN_name.sql` with blocks `-- migrate:up` and `-- migrate:down`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from slipway.data.migrations.imports.model import (
    Applied,
    Foreign,
    Lines,
    Read,
    Rows,
    Theirs,
    Tool,
    line_of,
    listed,
    only_in_the_database,
    part_of,
    plain_name,
    read_text,
    refuse,
    way_back,
)

NAME = re.compile(r"(?P<number>[0-9]+)(?P<name>.*)\.sql", re.DOTALL)
MARK = re.compile(rb"^--[ \t]*migrate:(?P<way>up|down)(?P<options>\s*$|[^\S\n]+\S.*$)", re.M)
TABLE = "schema_migrations"


def read(folder: Path, label: str) -> Read:
    """Its migrations in the order of their names. Raises MigrationError for what dbmate would not run either."""
    found, passed = [], []
    for path in listed(folder, label):
        name, match = f"{label}/{path.name}", NAME.fullmatch(path.name)
        if match and path.is_file():
            found.append(convert(match["number"], match["name"], name, read_text(path, name)))
        elif path.suffix == ".sql":
            passed.append(name)
    return Read(tuple(found), tuple(passed))


def convert(digits: str, name: str, origin: str, text: bytes) -> Theirs:
    """One file split at its marks, which are taken out; several blocks of one way come one after the other."""
    marks = list(MARK.finditer(text))
    check_order(marks, origin, text)
    lines: dict[bytes, Lines] = {b"up": [], b"down": []}
    transactional, way = dict.fromkeys(lines, True), b"up"
    for number, line in enumerate(text.splitlines(keepends=True), 1):
        if mark := MARK.match(line):
            way = mark["way"]
            transactional[way] &= b"transaction:false" not in mark["options"].split()
        else:
            lines[way].append((number, line))
    up, down = (part_of(lines[each], transactional[each]) for each in lines)
    return Theirs(digits, digits, plain_name(name), origin, up, way_back(down))


def check_order(marks: list[re.Match], origin: str, text: bytes) -> None:
    """Raises MigrationError unless blocks up and down take turns, with nothing but comments before them."""
    for wanted, mark in zip((b"up", b"down") * len(marks), marks, strict=False):
        if mark["way"] != wanted:
            found = f"-- migrate:{mark['way'].decode()} where dbmate expects the other way"
            where = f"{origin}:{line_of(text, mark.start())}"
            raise refuse(where, found, "an up block and then its down block", f"edit {origin}")
    if not marks or len(marks) % 2:
        missing = "down" if marks else "up"
        raise refuse(f"{origin}:1", f"no -- migrate:{missing}", "an up block and then its down block", f"edit {origin}")
    for number, line in enumerate(text[: marks[0].start()].splitlines(), 1):
        if line.strip() and not line.strip().startswith(b"--"):
            raise refuse(f"{origin}:{number}", "SQL before -- migrate:up", "the mark first", f"edit {origin}")


def applied(rows: Rows, files: Mapping[str, Foreign]) -> Applied:
    versions = frozenset(version for (version,) in rows)
    for version in sorted(versions - files.keys()):
        raise only_in_the_database("dbmate", TABLE, version)
    return Applied(versions)


TOOL = Tool("dbmate", read, TABLE, {"version": "text"}, "version", applied, in_the_way=True)
