"""SQL of the team's own that runs on a restored database before anybody else sees it: in one transaction, or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slipway.data.postgres import connection
from slipway.data.sql import execute, split
from slipway.errors import BackupError, MigrationError

if TYPE_CHECKING:
    import psycopg


def mask(conn: psycopg.Connection, name: str, text: str) -> int:
    """Runs the file's text; the rows that it changed. Raises BackupError with file and line; nothing is kept then."""
    try:
        with connection.told(BackupError, name), conn.transaction():
            return sum(execute.send(conn, check_piece(piece, name), name) for piece in split.pieces([text.encode()]))
    except split.Unclosed as error:
        raise refusal_error(f"{name}:{error.args[0]}", f"{error.args[1]} that is never closed", name) from None
    except split.BehindCopy as error:
        raise refusal_error(
            f"{name}:{error.args[0]}", "something behind a COPY … FROM stdin on its line", name
        ) from None
    except MigrationError as error:
        raise BackupError(error.where, error.found, error.expected, f"edit {name}", error.log) from None


def check_piece(piece: split.Piece, name: str) -> split.Piece:
    """The piece, if it may be run. Raises BackupError for what would end the one transaction or is psql's alone."""
    if piece.kind in ("control", "meta"):
        said = piece.text.decode(errors="replace").split("\n")[0].strip()[:60]
        raise refusal_error(f"{name}:{piece.place}", said, name)
    return piece


def refusal_error(where: str, found: str, name: str) -> BackupError:
    return BackupError(where, found, "plain SQL, which runs in one transaction", f"edit {name}")
