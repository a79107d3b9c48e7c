"""sqlx (launchbadge/sqlx): `NNN_name.up.sql` with `NNN_name.down.sql`, or `NNN_name.sql`."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from slipway.data.migrations.imports.model import (
    Applied,
    Foreign,
    Part,
    Read,
    Rows,
    Theirs,
    Tool,
    checksums,
    edited,
    listed,
    only_in_the_database,
    plain_name,
    read_text,
    refuse,
    stopped,
    way_back,
)

NAME = re.compile(r"(?P<number>[^_]*)_(?P<name>.*?)(?:\.(?P<way>up|down))?\.sql", re.DOTALL)
NO_TRANSACTION = b"-- no-transaction"
TABLE = "_sqlx_migrations"


def read(folder: Path, label: str) -> Read:
    """Its migrations by number. Raises MigrationError for a name that sqlx would stop at."""
    ups: dict[int, tuple[str, str, str, bytes]] = {}
    downs: dict[int, tuple[str, bytes]] = {}
    passed = []
    for path in listed(folder, label):
        name, match = f"{label}/{path.name}", NAME.fullmatch(path.name)
        if not match or not path.is_file():
            passed += [name] if path.suffix == ".sql" else []
            continue
        if not re.fullmatch("[0-9]+", match["number"]):
            raise refuse(name, "not a migration's name", "NNN_name.sql with a whole number", f"rename {name}")
        version, text = int(match["number"]), read_text(path, name)
        if version in (downs if match["way"] == "down" else ups):
            raise refuse(name, f"number {version} is there already", "one file for each number", f"rename {name}")
        if match["way"] == "down":
            downs[version] = name, text
        else:
            ups[version] = match["number"], match["name"], name, text
    for version in sorted(downs.keys() - ups.keys()):
        name = downs[version][0]
        raise refuse(name, "a way down without its way up", "both", f"put its .up.sql back, or remove {name}")
    made = (convert(*ups[version], *downs.get(version, ("", b""))) for version in sorted(ups))
    return Read(tuple(made), tuple(passed))


def convert(number: str, name: str, origin: str, text: bytes, other: str, back: bytes) -> Theirs:
    """One migration, unchanged; sqlx says by the first line of each file that it needs no transaction."""
    down = way_back(Part(back, not back.startswith(NO_TRANSACTION), origin=other))
    up = Part(text, not text.startswith(NO_TRANSACTION))
    return Theirs(str(int(number)), number, plain_name(name), origin, up, down, checksums(text, sha384))


def sha384(text: bytes) -> str:
    return hashlib.sha384(text).hexdigest()


def applied(rows: Rows, files: Mapping[str, Foreign]) -> Applied:
    """Every row that succeeded; one that did not is a file that stopped in its middle."""
    notes = []
    for version, success, kept in rows:
        if not success:
            raise stopped("sqlx", TABLE, version, "finish or undo it by hand, and delete or mend that row")
        if version not in files:
            raise only_in_the_database("sqlx", TABLE, version)
        if kept not in files[version].checksums:
            notes.append(edited("sqlx", files[version].origin))
    return Applied(frozenset(row[0] for row in rows), tuple(notes))


TOOL = Tool("sqlx", read, TABLE, {"version": "text", "success": "bool", "checksum": "hex"}, "version", applied)
