"""The Supabase CLI (supabase/cli): `TIMESTAMP_name.sql`, without ways down."""

from __future__ import annotations

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
    listed,
    only_in_the_database,
    plain_name,
    read_text,
)

NAME = re.compile(r"(?P<number>[0-9]+)_(?P<name>.*)\.sql", re.DOTALL)
OLD_INIT, SINCE = re.compile(r"[0-9]{14}_init\.sql"), 20211209000000
SCHEMA, TABLE = "supabase_migrations", "schema_migrations"


def read(folder: Path, label: str) -> Read:
    """Its migrations in the order of their names."""
    found, passed = [], []
    for path in listed(folder, label):
        name, match = f"{label}/{path.name}", NAME.fullmatch(path.name)
        if path.is_dir() or path.suffix != ".sql":
            continue
        # Those that older versions of the CLI wrote first are of the platform, and it passes over them.
        old = not (found or passed) and OLD_INIT.fullmatch(path.name) and int(path.name[:14]) < SINCE
        if not match or old:
            passed.append(name)
            continue
        up = Part(read_text(path, name))
        found.append(Theirs(match["number"], match["number"], plain_name(match["name"]), name, up))
    return Read(tuple(found), tuple(passed))


def applied(rows: Rows, files: Mapping[str, Foreign]) -> Applied:
    versions = frozenset(version for (version,) in rows)
    for version in sorted(versions - files.keys()):
        raise only_in_the_database("the Supabase CLI", f"{SCHEMA}.{TABLE}", version)
    return Applied(versions)


TOOL = Tool("supabase", read, TABLE, {"version": "text"}, "version", applied, schema=SCHEMA)
