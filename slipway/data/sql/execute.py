"""Sends pieces of a file to the server and turns what it refuses into a sentence with file, line and column."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from slipway.data.postgres import complaints, connection
from slipway.data.sql import lexer
from slipway.data.sql.split import Piece
from slipway.errors import MigrationError
from slipway.system import transient

if TYPE_CHECKING:
    import psycopg
    from psycopg import pq

QUERY_CANCELED, IN_TRANSACTION, UNSAFE_ENUM = "57014", "25001", "55P04"
DISK_FULL, NO_PRIVILEGE, COMMITS_ITSELF = "53100", "42501", "2D000"
AGAIN = "./invoke status, then run the same command again"


class Contention(MigrationError):
    """Other sessions were in the way; the same file may be tried again."""


class RefusesTransaction(MigrationError):
    """A statement that the server runs outside a transaction only."""


class NeedsCommit(MigrationError):
    """A statement that works only after what came before it is committed."""


# What the server refuses, by its code: how it is raised, what is expected, what to type next.
REFUSALS = {
    transient.LOCK_NOT_AVAILABLE: (
        Contention,
        "every lock within MIGRATE_LOCK_TIMEOUT, so that nobody queues behind this file; nothing of it was kept",
        AGAIN,
    ),
    **dict.fromkeys(
        (transient.DEADLOCK, transient.NOT_SERIALIZABLE),
        (
            Contention,
            "a moment in which nobody takes the same rows and tables in another order; nothing of this file was kept",
            "./invoke db.lint; then the same command again",
        ),
    ),
    QUERY_CANCELED: (
        MigrationError,
        "every statement within MIGRATE_STATEMENT_TIMEOUT; nothing of this file was kept",
        "edit {file}, or raise MIGRATE_STATEMENT_TIMEOUT in .env",
    ),
    **dict.fromkeys(
        (IN_TRANSACTION, COMMITS_ITSELF),
        (
            RefusesTransaction,
            "a first line `-- slipway: no-transaction` in a file with such a statement; nothing of this file was kept",
            "edit {file}",
        ),
    ),
    UNSAFE_ENUM: (
        NeedsCommit,
        "a new enum value used in a later file than the one that adds it",
        "make two files of {file}",
    ),
    DISK_FULL: (
        MigrationError,
        "room on the server's disk; nothing of this file was kept",
        "./invoke doctor, make room, then run the same command again",
    ),
    NO_PRIVILEGE: (
        MigrationError,
        "a migrating role that may do this; nothing of this file was kept",
        "edit {file}, or grant it as the object's owner in ./invoke psql",
    ),
}
OTHERWISE = (MigrationError, "SQL that the server takes; nothing of this file was kept", "edit {file}")


def send(conn: psycopg.Connection, piece: Piece, label: str) -> int:
    """Runs one piece; returns the rows that it changed."""
    return copy(conn, piece, label) if piece.data is not None else rows_in(query(conn, piece, label))


def query(
    conn: psycopg.Connection, piece: Piece, label: str, before: str = "", steps: int = 0, after: str = ""
) -> list[pq.PGresult]:
    """Sends the text as it is, with no parameters, so that one message may hold many statements.

    `before` are `steps` statements of ours ahead of it in the same message, `after` those behind it. The results are
    counted here and not by a cursor: an error without a position is placed at the statement after the last one that
    succeeded.
    """
    from psycopg import errors, generators, pq

    # A new line and a semicolon, for the file may end in a comment or without one.
    conn.pgconn.send_query(before.encode() + piece.text + (f"\n;{after}".encode() if after else b""))
    results = conn.wait(generators.execute(conn.pgconn))
    last = results[-1]
    if last.status == pq.ExecStatus.FATAL_ERROR:
        error = errors.error_from_result(last, encoding="utf-8")
        raise (
            error
            if is_session_lost(conn, error)
            else sql_error(error, label + place_of(error, piece, len(before), len(results) - 1 - steps), label)
        )
    if last.status in (pq.ExecStatus.COPY_IN, pq.ExecStatus.COPY_OUT):
        conn.close()
        raise MigrationError(
            label, "COPY to or from the client in the file", "SQL that needs no client", f"edit {label}"
        )
    return results


def rows_in(results: list[pq.PGresult]) -> int:
    return sum(result.command_tuples or 0 for result in results if not result.nfields)


def copy(conn: psycopg.Connection, piece: Piece, label: str) -> int:
    """A COPY block, streamed; an error names the line of the file that the data stood in."""
    import psycopg

    cursor = conn.cursor()
    try:
        with cursor.copy(piece.text) as stream:
            for chunk in piece.data or ():
                stream.write(chunk)
    except psycopg.Error as error:
        if is_session_lost(conn, error):
            raise
        line = re.search(r"\bline (\d+)", error.diag.context or "")
        # The data begin on the line after the statement's last.
        begin = piece.line + piece.text.count(b"\n")
        place = f":{begin + int(line[1])}" if line else place_of(error, piece, 0, 0)
        raise sql_error(error, label + place, label) from None
    return cursor.rowcount


def is_session_lost(conn: psycopg.Connection, error: psycopg.Error) -> bool:
    """Whether the session is over: the connection broke, or the server said that it is going down."""
    return conn.closed or transient.is_session_over(error.sqlstate)


def gone_error(label: str, error: Exception, committing: bool = False) -> MigrationError:
    """The error where the server, or the way to it, went away in the middle of a file."""
    expected = "the connection kept to the end; an unfinished file leaves nothing behind"
    if committing:
        expected = (
            "the connection kept to the end; this file is in the database whole and recorded, or not at all "
            "(./invoke db.status says which)"
        )
    return MigrationError(
        label,
        f"the server went away: {connection.reason(error)}",
        expected,
        "./invoke logs -s postgres, then run the same command again",
    )


def place_of(error: psycopg.Error, piece: Piece, before: int, done: int) -> str:
    """ ":line:column" of an error in a piece of which `done` statements succeeded; the server counts characters."""
    text = piece.text.decode(errors="replace")
    if error.diag.statement_position:
        return ":" + piece_place(piece, text, max(int(error.diag.statement_position) - 1 - before, 0))
    known = lexer.statements(text)
    return ":" + piece_place(piece, text, known[done].start) if 0 <= done < len(known) else ""


def piece_place(piece: Piece, text: str, offset: int) -> str:
    """Line and column in the file of a character of the piece."""
    line, column = map(int, lexer.place(text, offset).split(":"))
    return f"{piece.line + line - 1}:{column + piece.column - 1 if line == 1 else column}"


def sql_error(error: psycopg.Error, where: str, label: str) -> MigrationError:
    """The server's message, detail, hint and context as one sentence of ours, with the way out that fits."""
    diag = error.diag
    parts = [diag.message_primary or connection.reason(error), diag.message_detail, diag.message_hint, diag.context]
    found = "; ".join(re.sub(r"\s+", " ", complaints.hide_row(part)) for part in parts if part)
    code = error.sqlstate
    if code == QUERY_CANCELED and "statement timeout" not in found:
        code = None  # by somebody
    kind, expected, then = REFUSALS.get(code, OTHERWISE)
    return kind(where, found, expected, then.format(file=label))
