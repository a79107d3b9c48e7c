"""A SQL file of any size as pieces that a server takes: stretches of statements, COPY blocks, psql's own lines.

Works on bytes (UTF-8 has no ASCII inside its longer characters) and holds one window of the file and no more. The
rules of psql's script files (PostgreSQL manual, psql): COPY data from the next line to a line `\\.`, meta lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from slipway.data.sql import lexer
from slipway.data.sql.scan import comment_end, compile_bytes, statement

BLANKS = compile_bytes(rf"[ \t\r\f\v;]*+(?:{lexer.COMMENT})?+")
FIRST = re.compile(rb"[A-Za-z]+")
DATA_END = re.compile(rb"\\\.[ \t]*\r?(?:\n|\Z)")
CONTROL = {b"BEGIN", b"START", b"COMMIT", b"END", b"ABORT", b"ROLLBACK", b"PREPARE"}
OPEN = {b"'": "a quote", b'"': "a quoted name", b"$": "a dollar quote", b"/": "a comment"}


@dataclass(frozen=True)
class Piece:
    """A part of a file: `kind` is sql, control (of transactions), copy or meta; line and column (characters) from 1."""

    kind: str
    text: bytes
    line: int
    column: int
    words: tuple[str, ...] = ()
    data: Iterator[bytes] | None = None

    @property
    def place(self) -> str:
        return f"{self.line}:{self.column}"


class Window:
    """The part of a stream of bytes that is being looked at, and at which line and column it begins."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self.chunks = iter(chunks)
        self.bytes, self.ahead = next(self.chunks, b""), next(self.chunks, None)
        self.line, self.column = 1, 1

    @property
    def whole(self) -> bool:
        """Whether the stream's end is inside the window."""
        return self.ahead is None

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column of a byte of the window."""
        begin = self.bytes.rfind(b"\n", 0, offset) + 1
        line = self.line + self.bytes.count(b"\n", 0, offset)
        return line, len(self.bytes[begin:offset].decode(errors="replace")) + (1 if begin else self.column)

    def move(self, offset: int) -> None:
        """Lets go of everything before that byte."""
        self.line, self.column = self.place(offset)
        self.bytes = self.bytes[offset:]

    def grow(self) -> None:
        """Takes at least as much again as is held, so that a long statement is not read in ever the same steps."""
        parts, wanted = [self.bytes], max(len(self.bytes), 1)
        while self.ahead is not None and wanted > 0:
            parts.append(self.ahead)
            wanted -= len(self.ahead)
            self.ahead = next(self.chunks, None)
        self.bytes = b"".join(parts)


class Unclosed(Exception):
    """Something in the text is opened and never closed. The arguments: "line:column" and what it is."""


class BehindCopy(Exception):
    """Something stands behind a COPY on its line, where psql would run it after the data. The argument: "line:column"."""


def pieces(chunks: Iterable[bytes], alone: bool = False) -> Iterator[Piece]:
    """The pieces of a file in order; with `alone` every statement is one of its own.

    A piece with data must have its data read before the next piece is asked for. Raises Unclosed and BehindCopy.
    """
    window = Window(chunks)
    first = position = 0
    while True:
        start, end, opened = statement(window.bytes, position)
        if not window.whole and (end is None or end >= len(window.bytes)):
            yield from stretch(window, first, position)
            window.move(position)
            window.grow()
            first = position = 0
            continue
        if end is None:
            raise unclosed_error(window, opened)
        kind, words = kind_of(window.bytes, start, end, alone)
        if kind == "sql" and not alone and start < end:
            first, position = (first if position > first else start), end
            continue
        yield from stretch(window, first, position)
        if start == end:
            return
        made = Piece(kind, window.bytes[start:end], *window.place(start), words)
        first = position = end
        if kind == "copy":
            window.move(end)
            first = position = 0
            refuse_behind(window)
            made = replace(made, data=data(window))
        yield made


def stretch(window: Window, first: int, end: int) -> Iterator[Piece]:
    """The statements between two places as one piece, if there are any."""
    if end > first:
        yield Piece("sql", window.bytes[first:end], *window.place(first))


def kind_of(text: bytes, start: int, end: int, alone: bool) -> tuple[str, tuple[str, ...]]:
    """What kind of piece a statement is, and its words where they matter."""
    if text.startswith(b"\\", start):
        return "meta", ()
    word = FIRST.match(text, start, end)
    if not alone and (not word or word.group().upper() not in CONTROL | {b"COPY"}):
        return "sql", ()
    words = tuple(each for each in lexer.words_of(text[start:end].decode(errors="replace")) if each != ";")
    if lexer.reads_client(words):
        return "copy", words
    control = (
        lexer.ends_transaction(words)
        or words in lexer.BEGINS_PLAINLY
        or words[:1] == ("BEGIN",)
        or words[:2] == ("START", "TRANSACTION")
    )
    return "control" if control else "sql", words


def refuse_behind(window: Window) -> None:
    """Raises BehindCopy unless only blanks and comments are left on the line of a COPY; takes all of that line in."""
    while b"\n" not in window.bytes and not window.whole:
        window.grow()
    line = window.bytes.partition(b"\n")[0]
    position = BLANKS.match(line).end()
    while line.startswith(b"/*", position) and (closed := comment_end(line, position)):
        position = BLANKS.match(line, closed).end()
    if position < len(line):
        raise BehindCopy("{}:{}".format(*window.place(position)))


def data(window: Window) -> Iterator[bytes]:
    """The lines of a COPY block, from the line after its statement to the line `\\.` or the end of the file.

    The window shows all of the statement's line by now.
    """
    window.move(window.bytes.find(b"\n") + 1 or len(window.bytes))
    while True:
        last = last_line(window)
        if last:
            yield window.bytes[: last[0]]
            window.move(last[1])
            return
        if window.whole:
            yield window.bytes
            window.move(len(window.bytes))
            return
        cut = window.bytes.rfind(b"\n") + 1
        if cut:
            yield window.bytes[:cut]
            window.move(cut)
        window.grow()


def last_line(window: Window) -> tuple[int, int] | None:
    """Where the line that ends COPY data begins and ends, once the window shows all of it."""
    position = 0 if window.bytes.startswith(b"\\.") else window.bytes.find(b"\n\\.") + 1
    while position or window.bytes.startswith(b"\\."):
        line = DATA_END.match(window.bytes, position)
        if line and (line.group().endswith(b"\n") or window.whole):
            return line.span()
        position = window.bytes.find(b"\n\\.", position) + 1
        if not position:
            return None
    return None


def unclosed_error(window: Window, opened: int) -> Unclosed:
    line, column = window.place(opened)
    return Unclosed(f"{line}:{column}", OPEN.get(window.bytes[opened : opened + 1], "a quote"))
