"""A dump that is text, run statement by statement on the server of the dumps. The first that fails ends it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from slipway.data.endpoints import Secret
from slipway.data.postgres import complaints, connection
from slipway.data.sql import execute
from slipway.data.sql.split import Piece
from slipway.errors import BackupError, MigrationError
from slipway.supabase import platform
from slipway.supabase.dumps import archives, texts
from slipway.supabase.dumps.texts import NAME, ROWS_ALONE, Text

if TYPE_CHECKING:
    import psycopg

EXTENSION = re.compile(rb"(CREATE|COMMENT ON) EXTENSION (?:IF NOT EXISTS )?%s" % NAME)
ROLE = re.compile(rb"CREATE ROLE %s;" % NAME)
SCHEMA = re.compile(rb"CREATE SCHEMA %s;" % NAME)
# Whose grantor an older server did not check: who grants here is a superuser.
GRANTED_BY = re.compile(rb"(?s)GRANT .*?( GRANTED BY [^;]*);")
ACL = re.compile(
    rb'(?:GRANT|REVOKE) .* ON (?:\w+ )*?"?(?:%s)"?(?:\.|;| TO | FROM )'
    % b"|".join(each.encode() for each in platform.INSTEAD)
)


IDENTITIES = """
SELECT format('ALTER TABLE %s ALTER %I SET GENERATED ', a.attrelid::regclass, a.attname)
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE a.attidentity = 'a' AND NOT c.relispartition
"""


@dataclass(frozen=True)
class Here:
    """What the server has before a file is loaded, and the extensions that it offers."""

    roles: frozenset[str]
    schemas: frozenset[str]
    extensions: frozenset[str]


def look(conn: psycopg.Connection) -> Here:
    queries = (
        "SELECT rolname FROM pg_roles",
        "SELECT nspname FROM pg_namespace",
    )
    names = (frozenset(row[0] for row in conn.execute(query)) for query in queries)
    return Here(*names, frozenset(archives.offers(conn)))


def load(url: Secret, text: Text, where: str) -> list[str]:
    """Runs the file; what of it was left out. Raises BackupError with the line of what fails."""
    notes: list[str] = []
    way = Secret(f"{url.value} options='{archives.SILENT}'") if text.rank == ROWS_ALONE else url  # also after RESET ALL
    with connection.connect(way, where, purpose="slipway dumps") as conn:
        here = look(conn)
        # One by one, so that a text that was cut is told at the statement that lost its end.
        for piece in texts.stream(text.path, alone=text.rank != ROWS_ALONE):
            is_plain = piece.data is None and text.rank != ROWS_ALONE
            run(conn, replace(piece, text=fit(piece, here, notes)) if is_plain else piece, text)
    return [f"{text.path.name}: {note}" for note in notes]


@contextmanager
def open_identities(conn: psycopg.Connection) -> Iterator[None]:
    """Lets rows bring their own values of GENERATED ALWAYS columns, as partitions of servers before 17 had them."""
    found = [statement for (statement,) in conn.execute(IDENTITIES)]
    for statement in found:
        conn.execute(f"{statement}BY DEFAULT")
    yield
    for statement in found:
        conn.execute(f"{statement}ALWAYS")


def run(conn: psycopg.Connection, piece: Piece, text: Text) -> None:
    try:
        execute.send(conn, piece, text.path.name)
    except MigrationError as error:
        found = f"{complaints.hide_row(error.found)} (the statement begins in line {piece.line})"
        raise BackupError(error.where, found, texts.WANTED, texts.MEND) from None


def fit(piece: Piece, here: Here, notes: list[str]) -> bytes:
    """The statements of a piece, with blanks where one cannot be run here: lines stay where they were. Pure but for notes."""
    return b"".join(
        part for before, start, end in texts.statements(piece) for part in parts(piece, before, start, end, here, notes)
    )


def parts(piece: Piece, before: int, start: int, end: int, here: Here, notes: list[str]) -> Iterator[bytes]:
    statement = piece.text[start:end]
    yield piece.text[before:start]
    extension = EXTENSION.match(statement)
    if extension and texts.spell(extension[2]) not in here.extensions:
        if extension[1] == b"CREATE":
            notes.append(f"extension {texts.spell(extension[2])} is not here")
        yield blank(statement)
    elif is_there(statement, ROLE, here.roles) or is_there(statement, SCHEMA, here.schemas) or ACL.match(statement):
        yield blank(statement)
    elif grant := GRANTED_BY.fullmatch(statement):
        yield statement[: grant.start(1)] + blank(grant[1]) + b";"
    else:
        yield statement


def is_there(statement: bytes, pattern: re.Pattern[bytes], names: frozenset[str]) -> bool:
    match = pattern.match(statement)
    return bool(match) and texts.spell(match[1]) in names


def blank(text: bytes) -> bytes:
    return re.sub(rb"[^\n]", b" ", text)
