"""One file in one transaction: its SQL, its history row and golang-migrate's row are committed together or not at all.

A short file is one message: BEGIN, a clean session, the file, its rows, COMMIT. A longer one is streamed.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, TypeVar

from slipway.data.endpoints import Endpoints
from slipway.data.migrations import blockers, history, session
from slipway.data.migrations.files import Applied, Migration
from slipway.data.migrations.interface import Ran
from slipway.data.sql import check, execute
from slipway.data.sql.file import Digest, Source
from slipway.data.sql.split import Piece
from slipway.errors import MigrationError
from slipway.system import transient

if TYPE_CHECKING:
    import psycopg

Tell = Callable[[str], None]
Done = TypeVar("Done")
Rows = Callable[[str], str]
ENDED = "slipway: the file ended the transaction"
CURRENT = "pg_catalog.pg_current_xact_id_if_assigned()::text"
SETS_DEFAULTS = re.compile(rb"\balter\s+(?:database|role|user)\b", re.IGNORECASE)
FORGETS = re.compile(rb"\breset\s+all\b", re.IGNORECASE)


def quiet(text: str) -> None:
    """For those who need not be told."""


NOTHING = Piece("sql", b"", 1, 1)


@dataclass(frozen=True)
class Mark:
    """What is written beside a file in the history: who ran it, and with which release."""

    by: str = ""
    release: str = ""


def up(
    conn: psycopg.Connection, ends: Endpoints, file: Migration, mark: Mark, tell: Tell = quiet, last: bool = True
) -> Ran:
    """Applies a file.

    The last one waits for the disk, and so for those before it too. Raises MigrationError with file, line and column;
    a lock that does not come is tried for again, and `tell` hears it.
    """

    def rows(sha256: str) -> str:
        record = record_of(file, mark, sha256)
        return history.up_rows(record) + history.mirror_rows(file.version) + history.disk(last)

    done = patiently(conn, ends, file.label, lambda: once(conn, ends, file.label, file.up, rows), tell)
    return line(file, file.label, *done)


def record_of(file: Migration, mark: Mark, sha256: str, baseline: bool = False) -> Applied:
    """The history row of a file whose content had that hash when it was run."""
    return Applied(
        file.version,
        file.name,
        sha256,
        "",
        mark.by,
        None,
        file.down.sha256 if file.down else "",
        mark.release,
        baseline,
        "compatible" in file.directives,
    )


def down(
    conn: psycopg.Connection, ends: Endpoints, file: Migration, target: int, tell: Tell = quiet, last: bool = True
) -> Ran:
    """Runs a file's downward half; golang-migrate's row moves to `target`, the version before, or is gone for NIL."""

    def rows(sha256: str) -> str:
        return history.down_rows(file.version) + history.mirror_rows(target) + history.disk(last)

    if file.down is None:
        raise no_down(file)
    label = file.down.label
    return line(file, label, *patiently(conn, ends, label, lambda: once(conn, ends, label, file.down, rows), tell))


def no_down(file: Migration) -> MigrationError:
    return MigrationError(
        file.label,
        f"there is no {file.version}_{file.name}.down.sql: it cannot be rolled back",
        "a downward file for each version that is rolled back",
        f"write {file.path.parent.name}/{file.version}_{file.name}.down.sql, or restore a backup",
    )


def line(file: Migration, label: str, ms: float, statements: int) -> Ran:
    """A file's line of a verb's answer."""
    return Ran(file.version, file.name, label, ms, None if statements else "nothing in it to run")


def patiently(conn: psycopg.Connection, ends: Endpoints, label: str, attempt: Callable[[], Done], tell: Tell) -> Done:
    """What the attempt returns, tried again when a lock did not come in time, or somebody waited for ours.

    Who blocks is looked for from the second try on. An attempt that fails so must have changed nothing.
    """
    try:
        return attempt()
    except execute.Contention as error:
        tell(f"{label}: {blockers.name(conn, error.found)}; trying again")
    for pause in transient.LOCKS.pauses():
        time.sleep(pause)
        with blockers.Watch(conn, ends) as watch:
            try:
                return attempt()
            except execute.Contention as error:
                last = error
        tell(f"{label}: {watch.who}")
    raise MigrationError(
        last.where,
        f"{blockers.name(conn, last.found)} ({transient.LOCKS.tries} tries); {watch.who}",
        last.expected,
        last.next,
    )


def once(conn: psycopg.Connection, ends: Endpoints, label: str, source: Source | None, rows: Rows) -> tuple[float, int]:
    """BEGIN, the file, its rows, COMMIT; the milliseconds, and the number of pieces sent."""
    started, digest = time.monotonic(), Digest()
    setting: list[Piece] = []
    found = check.check_pieces(source.chunks(digest), label, conn.info.dbname) if source else iter(())
    pieces = noted(found, setting)
    with session.guard_transaction(conn, label):
        try:
            sent = send_and_commit(conn, ends, label, pieces, lambda: rows(digest.finish()))
        except MigrationError as error:
            raise session.ended_inside(label) if ENDED in error.found else error from None
        if conn.info.transaction_status.name != "IDLE":
            raise session.ended_inside(label)
    if setting:
        session.learn_path(conn, ends)
    return round((time.monotonic() - started) * 1000, 1), sent


def noted(pieces: Iterator[Piece], setting: list[Piece]) -> Iterator[Piece]:
    """The same pieces; `setting` gets those after which new sessions may begin otherwise."""
    for piece in pieces:
        if SETS_DEFAULTS.search(piece.text):
            setting[:] = [piece]
        yield piece


def send_and_commit(
    conn: psycopg.Connection, ends: Endpoints, label: str, pieces: Iterator[Piece], rows: Callable[[], str]
) -> int:
    """The whole transaction; how many pieces of the file there were."""
    import psycopg

    first = next(pieces, None)
    second = next(pieces, None) if first and first.data is None else None
    rest = [each for each in (first, second) if each]
    own = history.own_statements(ends)
    if second is None and fits_one_message(conn, first):
        ahead = opening_statements(conn, ends)
        after = own + same("pg_catalog.current_setting('slipway.transaction', true)") + rows() + "COMMIT"
        try:
            execute.query(conn, first or NOTHING, label, *ahead, after)
        except psycopg.Error as error:
            raise (
                execute.gone_error(label, error, committing=True) if execute.is_session_lost(conn, error) else error
            ) from None
        return len(rest)
    transaction, sent = run_pieces(conn, ends, label, chain(rest, pieces))
    try:
        session.commit(conn, label, own + same(f"'{transaction}'") + rows())
    except psycopg.Error as error:
        raise execute.sql_error(error, label, label) from None
    return sent


def fits_one_message(conn: psycopg.Connection, piece: Piece | None) -> bool:
    """Whether our rows can follow the file in its own message: its end is where we read it, and it keeps our mark."""
    plain = conn.info.parameter_status("standard_conforming_strings") == "on"
    return plain and (piece is None or (piece.data is None and not FORGETS.search(piece.text)))


def opening_statements(
    conn: psycopg.Connection, ends: Endpoints, begin: tuple[str, ...] = ("BEGIN",)
) -> tuple[str, int]:
    """What goes before a file in its first message, and how many statements that is; the last marks the transaction."""
    mark = "SELECT pg_catalog.set_config('slipway.transaction', pg_catalog.pg_current_xact_id()::text, true)"
    statements = (*begin, *session.reset_statements(conn, ends), mark)
    return "; ".join(statements) + ";\n", len(statements)


def same(transaction: str) -> str:
    """The statement that fails with ENDED when this is another transaction than the one that was begun."""
    return f"SELECT (CASE WHEN {CURRENT} = {transaction} THEN '0' ELSE '{ENDED}' END)::int; "


def run_pieces(
    conn: psycopg.Connection, ends: Endpoints, label: str, pieces: Iterator[Piece], begin: tuple[str, ...] = ("BEGIN",)
) -> tuple[str, int]:
    """Sends a file piece by piece in one transaction; the transaction's number and how many pieces there were."""
    ahead = opening_statements(conn, ends, begin)
    results = execute.query(conn, NOTHING, label, *ahead)
    transaction, sent = results[ahead[1] - 1].get_value(0, 0).decode(), 0
    for piece in pieces:
        execute.send(conn, piece, label)
        sent += 1
        if conn.info.transaction_status.name != "INTRANS":
            raise session.ended_inside(label)
    return transaction, sent
