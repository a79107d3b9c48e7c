"""Another tool's history that nobody has taken over: our files must not run again what it has run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from slipway.data.migrations.files import Migration, Problem
from slipway.data.migrations.imports import tools
from slipway.data.migrations.imports.history import Table, read_rows, tables
from slipway.data.migrations.imports.model import Tool

if TYPE_CHECKING:
    import psycopg

COPY = "slipway.supabase_copy"  # is in a database that supabase.copy has made


def find_untaken(conn: psycopg.Connection, pending: Iterable[Migration]) -> Problem | None:
    """What stands against the first run of these files in this database: a tool's table that has one of their numbers.

    In the copy of a Supabase project all of them do, for nothing says what it has of them.
    """
    files = {each.version: each for each in pending}
    if files and conn.execute("SELECT to_regclass(%s) IS NOT NULL", (COPY,)).fetchone()[0]:
        return Problem(
            files[min(files)].label,
            "this database is the copy of a Supabase project, and slipway.history is empty",
            "the project's own migrations, recorded in it before anything is run",
            "./invoke supabase.migrations; or, where the copy has what these files make: ./invoke db.adopt --version N",
        )
    for tool, table in histories(conn):
        for number in numbers(conn, tool, table):
            if number in files:
                return Problem(
                    files[number].label,
                    f"{'.'.join(table)} says that {tool.name} has run number {number} here, and slipway.history is empty",
                    f"{tool.name}'s history taken over before anything is run",
                    f"./invoke db.import {tool.name} DIR; or, where that is another app's: ./invoke db.adopt --version N, "
                    "or other numbers for these files",
                )
    return None


def histories(conn: psycopg.Connection) -> Iterator[tuple[Tool, Table]]:
    """Every tool of which there is a table, and where it is. One in golang-migrate's place is refused before this."""
    for tool in tools.TOOLS.values():
        if not tool.in_the_way:
            for schema in tables(conn, tool, tool.table, tool.schema):
                yield tool, (schema, tool.table)


def numbers(conn: psycopg.Connection, tool: Tool, table: Table) -> Iterator[int]:
    """The numbers that the names of its versions begin with."""
    for version, *_ in read_rows(conn, tool, table):
        if found := re.match(r"\d+", version or ""):
            yield int(found[0])
