"""What a dump that is text holds: which kind it is, what it makes, and whose rows it has. Read once, in pieces."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from slipway.data.restore import people
from slipway.data.sql import file, scan
from slipway.data.sql.split import BehindCopy, Piece, Unclosed, pieces
from slipway.errors import BackupError

NAME = rb'("(?:[^"]|"")+"|[\w$]+)'
PAIR = rb"%s\.%s" % (NAME, NAME)
MAKES = re.compile(rb"CREATE (?!ROLE )(?:(?:(?:UNLOGGED )?TABLE|SEQUENCE) (?:IF NOT EXISTS )?%s)?" % PAIR, re.I)
IDENTITY = re.compile(rb"(?s)ALTER TABLE .* SEQUENCE NAME %s" % PAIR)
ROWS = re.compile(rb"(?:COPY|INSERT INTO) %s \(([^)]*)\)" % PAIR)
SETVAL = re.compile(rb"SELECT pg_catalog\.setval\('%s'" % PAIR)
# What definitions name of the platform's, by how a statement begins; and how one begins that makes it.
WEBHOOK, PUBLICATION = "webhook", "publication"
NAMES = {
    WEBHOOK: re.compile(rb'(?s)CREATE (?:OR REPLACE )?TRIGGER .*"?supabase_functions"?\."?http_request"?'),
    PUBLICATION: re.compile(rb'ALTER PUBLICATION "?supabase_realtime"?[ ;]'),
}
GIVES = {
    WEBHOOK: re.compile(rb'CREATE (?:OR REPLACE )?FUNCTION "?supabase_functions"?\."?http_request"?\('),
    PUBLICATION: re.compile(rb'CREATE PUBLICATION "?supabase_realtime"?[ ;]'),
}
NAMES_ROLE = re.compile(rb"ALTER |GRANT |REVOKE |CREATE POLICY ")
ROLES = re.compile(rb"(?:CREATE|ALTER) ROLE ")
VERSION = re.compile(rb"-- Dumped from database version (\d+)")
HARMLESS = re.compile(rb"\\(?:un)?restrict ")  # psql's own lock on scripts
HEAD = 4096  # bytes in which the version stands
WANTED = "SQL as `supabase db dump` or `pg_dump` wrote it"
MEND = "mend that line (the Supabase CLI drops lines that begin with -- from its schema file, also inside texts and comments)"
ROLE, MAKES_SOME, ROWS_ALONE = range(3)  # in the order in which they are loaded
Table = tuple[str, str]


@dataclass
class Text:
    """One file: the tables and sequences that it makes, the columns of those whose rows it has, and the sequences that it sets."""

    path: Path
    major: int = 0
    makes: bool = False
    roles: bool = False
    names: set[str] = field(default_factory=set)  # those of NAMES that it counts on, and does not give
    gives: set[str] = field(default_factory=set)
    named: set[str] = field(default_factory=set)  # roles
    tables: set[Table] = field(default_factory=set)
    rows: dict[Table, tuple[str, ...]] = field(default_factory=dict)
    sequences: set[Table] = field(default_factory=set)

    @property
    def rank(self) -> int:
        """When it is loaded: roles, then what makes something, then rows alone."""
        if self.makes or not (self.rows or self.sequences or self.roles):
            return MAKES_SOME
        return ROWS_ALONE if self.rows or self.sequences else ROLE


def read(path: Path) -> Text:
    """What the file holds, up to where something is opened and never closed: the server has better words for what is wrong."""
    found = Text(path)
    with path.open("rb") as opened:
        version = VERSION.search(opened.read(HEAD))
    found.major = int(version[1]) if version else 0
    try:
        gather(found, alone=False)
    except BackupError:
        with suppress(BackupError):
            gather(found, alone=True)
    return found


def gather(found: Text, alone: bool) -> None:
    """Adds what the statements say; `alone` is slow, and has all of them that come before a broken one."""
    for piece in stream(found.path, alone):
        for _, start, end in statements(piece):
            note(found, piece.text[start:end])
        for _ in piece.data or ():
            pass


def note(found: Text, statement: bytes) -> None:
    """Adds what one statement says."""
    found.gives |= {name for name, pattern in GIVES.items() if pattern.match(statement)}
    found.names |= {name for name, pattern in NAMES.items() if pattern.match(statement)} - found.gives
    if NAMES_ROLE.match(statement):
        found.named |= people.named_roles(statement.decode(errors="replace"))
    if made := MAKES.match(statement):
        found.makes = True
        if made[1]:
            found.tables.add(pair(made[1], made[2]))
    elif identity := IDENTITY.match(statement):
        found.tables.add(pair(identity[1], identity[2]))
    elif rows := ROWS.match(statement):
        table, columns = pair(rows[1], rows[2]), re.findall(NAME, rows[3])
        found.rows[table] = tuple(dict.fromkeys((*found.rows.get(table, ()), *map(spell, columns))))
    elif sequence := SETVAL.match(statement):
        found.sequences.add(pair(sequence[1], sequence[2]))
    elif ROLES.match(statement):
        found.roles = True


def pair(schema: bytes, table: bytes) -> Table:
    return spell(schema), spell(table)


def spell(spelt: bytes) -> str:
    return people.unquote_name(spelt.decode(errors="replace"))


def stream(path: Path, alone: bool) -> Iterator[Piece]:
    """The pieces of a file. Raises BackupError for what psql alone understands, and for what is never closed."""
    with told(path):
        for piece in pieces(file.chunks(path), alone):
            if piece.kind != "meta":
                yield piece
            elif not HARMLESS.match(piece.text):
                said = piece.text.decode(errors="replace").split()[0]
                raise BackupError(f"{path.name}:{piece.place}", f"{said}, a command of psql", WANTED, "take it out")


def statements(piece: Piece) -> Iterator[tuple[int, int, int]]:
    """Where each statement of a piece is: the end of the one before, its beginning, its end."""
    before = 0
    while before < len(piece.text):
        start, end, _ = scan.statement(piece.text, before)
        yield before, start, end or len(piece.text)
        before = end or len(piece.text)


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Turns what is no SQL inside the block into a BackupError with file, line and column."""
    try:
        yield
    except Unclosed as error:
        place, what = error.args
        raise BackupError(f"{path.name}:{place}", f"{what} is opened and never closed", WANTED, MEND) from None
    except BehindCopy as error:
        raise BackupError(f"{path.name}:{error.args[0]}", "a statement behind COPY on its line", WANTED, MEND) from None
