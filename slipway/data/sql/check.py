"""Whether a file can be run as it is: read through before anything is run, and again while it is run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from slipway.data.sql import lexer, split
from slipway.data.sql.split import Piece
from slipway.errors import MigrationError

# psql's own lines that pg_dump and the Supabase CLI write and that change nothing here.
HARMLESS = {"\\restrict", "\\unrestrict", "\\echo", "\\qecho", "\\encoding", "\\set", "\\pset", "\\timing"}


def check_pieces(chunks: Iterable[bytes], label: str, database: str, alone: bool = False) -> Iterator[Piece]:
    """The pieces of a file that are sent to the server, in order.

    A BEGIN before everything and its COMMIT after everything are left out: the file is run in a transaction anyway.
    Raises MigrationError with line and column for what cannot be run: transactions begun or ended elsewhere, psql
    commands that matter, and whatever is never closed.
    """
    frame = Frame(label, alone)
    try:
        for piece in split.pieces(chunks, alone):
            if piece.kind == "meta":
                refuse_meta(piece, label, database)
            elif piece.kind == "control":
                frame.control(piece)
            else:
                frame.statement()
                yield piece
    except split.Unclosed as error:
        place, what = error.args
        raise MigrationError(
            f"{label}:{place}", f"{what} is opened here and never closed", "its other end", f"edit {label}"
        ) from None
    except split.BehindCopy as error:
        raise MigrationError(
            f"{label}:{error.args[0]}",
            "something stands behind a COPY … FROM stdin on its line",
            "its data from the next line, and after the line `\\.` whatever comes next",
            f"edit {label}: move it behind the line `\\.`",
        ) from None
    frame.end()


def refuse_unfit(chunks: Iterable[bytes], label: str, database: str, alone: bool = False) -> None:
    """Reads a whole file and raises what `check_pieces` raises, before anything is run."""
    for piece in check_pieces(chunks, label, database, alone):
        for _ in piece.data or ():
            pass


class Frame:
    """The BEGIN and COMMIT that a file may have around all of it."""

    def __init__(self, label: str, alone: bool) -> None:
        self.label, self.alone = label, alone
        self.begun: Piece | None = None
        self.ended: Piece | None = None
        self.inside = False

    def statement(self) -> None:
        if self.ended:
            self.refuse(self.ended)
        self.inside = True

    def control(self, piece: Piece) -> None:
        words = tuple(word for word in piece.words if word)
        if self.alone or self.ended:
            self.refuse(self.ended or piece)
        if words in lexer.BEGINS_PLAINLY and not self.begun and not self.inside:
            self.begun = piece
        elif words in lexer.ENDS_PLAINLY and self.begun:
            self.ended = piece
        else:
            self.refuse(piece)

    def end(self) -> None:
        if self.begun and not self.ended:
            raise MigrationError(
                f"{self.label}:{self.begun.place}",
                "BEGIN without COMMIT",
                "no BEGIN: each file is run in one transaction of its own",
                f"remove it from {self.label}",
            )

    def refuse(self, piece: Piece) -> None:
        expected = (
            "no BEGIN, COMMIT or ROLLBACK: each file is run in one transaction of its own; only a BEGIN "
            "before everything and a COMMIT after everything are left out"
        )
        if self.alone:
            expected = "no BEGIN, COMMIT or ROLLBACK: in a file without a transaction each statement is on its own"
        raise MigrationError(
            f"{self.label}:{piece.place}",
            f"{piece.words[0]} in the file",
            expected,
            f"remove it from {self.label}, or make two files of it",
        )


def refuse_meta(piece: Piece, label: str, database: str) -> None:
    """Raises MigrationError for a line that only psql understands, unless it changes nothing here."""
    line = piece.text.decode(errors="replace").strip()
    words = line.split()
    if words[0] in HARMLESS or (words[0] in ("\\connect", "\\c") and names(words) == database):
        return
    raise MigrationError(
        f"{label}:{piece.place}",
        f"{words[0]} is a command of psql, not of the server",
        f"SQL; of psql only {', '.join(sorted(HARMLESS))}, and \\connect to {database}",
        f"remove the line from {label}",
    )


def names(words: list[str]) -> str:
    """The database that a \\connect names; pg_dump may write -reuse-previous=on and a conninfo."""
    last = words[-1] if len(words) > 1 else ""
    return last.strip("\"'").removeprefix("dbname=").strip("\"'")
