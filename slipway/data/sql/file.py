"""SQL files: read in chunks, hashed and checked on the way, never held whole unless somebody asks for the text."""

from __future__ import annotations

import codecs
import hashlib
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from slipway.data.sql import lexer
from slipway.errors import MigrationError

CHUNK = 256 * 1024
SHORT = 8 * 1024  # most migrations: a large buffer for each would cost more than the reading
NONE: frozenset[str] = frozenset()
BOM = b"\xef\xbb\xbf"
# What editors, merges and file managers leave beside a file: name~, #name#, .name.swp, name.bak, ._name.
LEFTOVER = re.compile(r"[.#].*|~\$.*|.*(~|\.(bak|old|orig|rej|save|swo|swp|tmp))", re.DOTALL | re.IGNORECASE)
# Lines by which other tools tell the way up from the way down inside one file; sqlx's first line says how to run it.
MARKS = {
    b"+goose": "goose",
    b"+migrate": "sql-migrate",
    b"migrate:": "dbmate",
    b"liquibase formatted": "Liquibase",
    b"no-transaction": "sqlx",
}
MARKED = re.compile(
    rb"^[ \t]*--[ \t]*(?P<mark>\+goose|\+migrate|migrate:(?=up|down)|liquibase formatted)|\A-- (?P<first>(?-i:no-transaction))",
    re.I | re.M,
)


class BadText(Exception):
    """A file is not UTF-8 text. The arguments: the line, and what was found there."""


@dataclass(frozen=True)
class Source:
    """One SQL file: what messages call it, the hash of its content, and what its first comments tell the runner.

    `alone`: all of it is one statement that refuses a transaction. `tool`: the one whose marks are in it, which to the
    server and to golang-migrate are comments.
    """

    file: str
    label: str
    sha256: str
    directives: frozenset[str]
    alone: bool = False
    tool: str = ""

    @property
    def path(self) -> Path:
        return Path(self.file)

    def chunks(self, digest: Digest | None = None) -> Iterator[bytes]:
        """Its bytes, without the mark that some editors put before UTF-8. Raises as `check_chunks` does."""
        digest = digest or Digest()
        return check_chunks(chunks(self.file, digest.add), self.label, digest)

    def text(self) -> str:
        return b"".join(self.chunks()).decode()


def is_leftover(name: str) -> bool:
    """Whether a file of this name is nobody's migration or fixture, but what a program left beside one."""
    return LEFTOVER.fullmatch(name) is not None


def chunks(path: Path | str, seen: Callable[[bytes], object] = lambda chunk: None) -> Iterator[bytes]:
    """The file's bytes in pieces, without a byte order mark; `seen` gets them as they are."""
    with open(path, "rb", buffering=0) as file:
        first = file.read(SHORT)
        seen(first)
        yield first.removeprefix(BOM)
        while len(first) == SHORT and (chunk := file.read(CHUNK)):
            seen(chunk)
            yield chunk


@contextmanager
def readable(label: str) -> Iterator[None]:
    """Turns a file that cannot be read, or is not text, inside the block into a MigrationError."""
    try:
        yield
    except BadText as error:
        raise MigrationError(
            f"{label}:{error.args[0]}", error.args[1], "text in UTF-8", f"save {label} as UTF-8"
        ) from None
    except OSError as error:
        raise MigrationError(label, *unreadable(error, label)) from None


def unreadable(error: OSError, label: str) -> tuple[str, str, str]:
    """What was found, expected and comes next, where the system refuses to read."""
    return f"cannot be read: {error.strerror}", "a readable file", f"ls -l {label}"


def check_chunks(found: Iterator[bytes], label: str, digest: Digest) -> Iterator[bytes]:
    """The chunks, as they come from the file. Raises MigrationError where they cannot be read or are not UTF-8."""
    while True:
        with readable(label):
            chunk = next(found, None)
            if chunk is None:
                digest.finish()
                return
        yield chunk


def examine(path: str, label: str) -> Source:
    """Reads the file once and describes it. Raises OSError, or BadText with the line of a byte that is not UTF-8."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)  # file objects cost three times as much
    try:
        first = os.read(descriptor, SHORT)
        short = len(first) < SHORT
        sha256 = short_sha256(first) if short else long_sha256(first, descriptor)
    finally:
        os.close(descriptor)
    text = first.removeprefix(BOM).decode(errors="replace")
    told = lexer.directives(text) if "slipway:" in text else NONE
    # A longer file is not one CREATE INDEX CONCURRENTLY.
    marked = MARKED.search(first)
    tool = MARKS[(marked["mark"] or marked["first"]).lower()] if marked else ""
    return Source(path, label, sha256, told, short and lexer.refuses_alone(text), tool)


def short_sha256(content: bytes) -> str:
    """What `Digest` says of a whole content, without its trouble where nothing can be wrong."""
    if content.isascii() and b"\0" not in content:
        return fingerprint(content)
    digest = Digest()
    digest.add(content)
    return digest.finish()


def long_sha256(first: bytes, descriptor: int) -> str:
    """The same of a file that begins so and of which the rest is to be read."""
    digest = Digest()
    digest.add(first)
    for chunk in iter(lambda: os.read(descriptor, CHUNK), b""):
        digest.add(chunk)
    return digest.finish()


class Digest:
    """The sha256 of text that streams past, the same for Unix and Windows line ends, and whether it is UTF-8."""

    def __init__(self) -> None:
        self.sha, self.decoder, self.line, self.held = hashlib.sha256(), codecs.getincrementaldecoder("utf-8")(), 1, b""

    def add(self, chunk: bytes) -> None:
        self.check(chunk)
        self.line += chunk.count(b"\n")
        chunk = self.held + chunk
        # A carriage return at the end may be half of a line end.
        self.held = b"\r" if chunk.endswith(b"\r") else b""
        whole = chunk[:-1] if self.held else chunk
        self.sha.update(whole.replace(b"\r\n", b"\n") if b"\r" in whole else whole)

    def pass_chunks(self, found: Iterator[bytes]) -> Iterator[bytes]:
        """The chunks, added as they pass."""
        for chunk in found:
            self.add(chunk)
            yield chunk

    def check(self, chunk: bytes) -> None:
        """Raises BadText for what is not UTF-8, and for NUL, which no text in Postgres can hold."""
        try:
            self.decoder.decode(chunk)
        except UnicodeDecodeError as error:
            bad = error.object
            raise BadText(
                self.line + bad[: error.start].count(b"\n"), f"byte 0x{bad[error.start]:02x} is not UTF-8"
            ) from None
        if (zero := chunk.find(b"\0")) >= 0:
            raise BadText(self.line + chunk[:zero].count(b"\n"), "a zero byte: is it UTF-16?")

    def finish(self) -> str:
        try:
            self.decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            raise BadText(self.line, "the last character is cut off in its middle") from None
        self.sha.update(self.held)
        self.held = b""
        return self.sha.hexdigest()


def fingerprint(content: bytes) -> str:
    """The sha256 of a content, the same whether git checked it out with Unix or Windows line ends."""
    return hashlib.sha256(content.replace(b"\r\n", b"\n")).hexdigest()
