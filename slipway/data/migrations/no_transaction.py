"""A file with `-- slipway: no-transaction`: each statement on its own, and how far it came written beside it.

A statement that bears a transaction is committed together with its count, so it is never run twice. One that refuses
a transaction is marked before and counted after; only a run that is killed between the two leaves it in doubt.
Meanwhile golang-migrate's row says what golang-migrate would say: the target version, dirty.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from slipway.data.endpoints import Endpoints
from slipway.data.migrations import history, invalid_indexes, session, transaction
from slipway.data.migrations.files import Migration
from slipway.data.migrations.interface import Ran
from slipway.data.migrations.transaction import Mark, Tell
from slipway.data.sql import check, execute, lexer
from slipway.data.sql.file import Digest, Source
from slipway.data.sql.split import Piece
from slipway.errors import Interrupted, MigrationError

if TYPE_CHECKING:
    import psycopg


def up(
    conn: psycopg.Connection,
    ends: Endpoints,
    file: Migration,
    mark: Mark,
    stopped: history.Unfinished | None,
    tell: Tell,
) -> Ran:
    """Applies a file statement by statement, from where it stopped; returns its line of the result."""

    def rows(sha256: str, ms: float) -> str:
        return history.up_rows(replace(transaction.record_of(file, mark, sha256), ms=ms))

    run = Run(conn, ends, file.up, file.version, "up", file.version, mark, rows, tell)
    return transaction.line(file, file.label, *run.whole(stopped))


def down(
    conn: psycopg.Connection,
    ends: Endpoints,
    file: Migration,
    target: int,
    mark: Mark,
    stopped: history.Unfinished | None,
    tell: Tell,
) -> Ran:
    """The same for the downward half; golang-migrate's row moves to `target`."""
    if file.down is None:
        raise transaction.no_down(file)
    run = Run(
        conn,
        ends,
        file.down,
        file.version,
        "down",
        target,
        mark,
        lambda sha256, ms: history.down_rows(file.version),
        tell,
    )
    return transaction.line(file, file.down.label, *run.whole(stopped))


@dataclass(frozen=True)
class Run:
    """One such file on its way: its rows are what is written when all of it is done."""

    conn: psycopg.Connection
    ends: Endpoints
    source: Source
    version: int
    way: str
    target: int
    mark: Mark
    rows: Callable[[str, float], str]
    tell: Tell

    def whole(self, stopped: history.Unfinished | None) -> tuple[float, int]:
        """Every statement that is still to be run; the milliseconds, and how many there are in the file."""
        started, digest, count = time.monotonic(), Digest(), 0
        session.reset(self.conn, self.ends)
        state = stopped or self.begin()
        past = hashlib.sha256()
        with self.guard_session():
            for count, piece in enumerate(self.pieces(digest), 1):
                self.step(piece, count, state, past)
            if count < state.done:
                raise self.changed_error(state.done)
            if wrong := invalid_indexes.find_broken(self.conn, state.invalid, ""):
                raise invalid_indexes.invalid_error(self.source.label, "it left ", wrong)
            ms = round((time.monotonic() - started) * 1000, 1)
            self.write(self.rows(digest.finish(), ms) + history.mirror_rows(self.target) + history.FORGET)
        return ms, count

    def guard_session(self) -> AbstractContextManager[None]:
        return session.guard_transaction(self.conn, self.source.label)

    def pieces(self, digest: Digest):
        return check.check_pieces(self.source.chunks(digest), self.source.label, self.conn.info.dbname, alone=True)

    def begin(self) -> history.Unfinished:
        """Writes that the file is begun, as golang-migrate does: the target version, dirty."""
        state = history.Unfinished(
            self.version, self.way, self.target, 0, "", False, invalid_indexes.invalid(self.conn)
        )
        self.write(history.mirror_rows(self.target, dirty=True) + history.begin_rows(state, self.mark.by))
        return state

    def write(self, statements: str) -> None:
        """Rows of ours, committed now, whatever role or search_path the file has set."""
        with self.guard_session():
            self.conn.execute("BEGIN")
            session.commit(self.conn, self.source.label, history.own_statements(self.ends) + statements)

    def step(self, piece: Piece, number: int, state: history.Unfinished, past) -> None:
        """One statement: passed over when it is done, otherwise run and counted."""
        before = past.hexdigest()
        past.update(piece.text)
        if number <= state.done:
            for _ in piece.data or ():
                pass
            if number == state.done and past.hexdigest() != state.done_sha256:
                raise self.changed_error(state.done)
            if lexer.sets_session(piece.words):
                execute.send(self.conn, piece, self.source.label)
            return
        done = history.step_rows(self.version, number, past.hexdigest())
        try:
            self.run(piece, number, state, before, done)
        except MigrationError as error:
            raise self.stopped_at(error, number, piece) from None
        except KeyboardInterrupt:
            raise Interrupted(
                f"{self.source.label}:{piece.place}",
                f"stopped by a signal in statement {number}; those before it are kept",
                "to run to its end",
                "run the same command again",
            ) from None

    def run(self, piece: Piece, number: int, state: history.Unfinished, before: str, done: str) -> None:
        """Runs one statement in a transaction with its count, or alone where it bears none."""
        if lexer.refuses_transaction(piece.words):
            self.alone(piece, number, state, before, done)
            return
        try:
            self.patiently(piece, partial(self.run_counted, piece, done))
        except execute.RefusesTransaction:
            # Only the server knows some: CLUSTER of all, REINDEX of what turns out to be partitioned, DO that commits.
            self.alone(piece, number, state, before, done)

    def alone(self, piece: Piece, number: int, state: history.Unfinished, before: str, done: str) -> None:
        """A statement outside any transaction: marked, run, counted."""
        text, where = piece.text.decode(), f"{self.source.label}:{piece.place}"
        if (
            (in_doubt := state.doing and number == state.done + 1)
            and lexer.commits_itself(piece.words)
            and "repeatable" not in self.source.directives
        ):
            raise in_doubt_error(where, self.source.label)
        concurrent = "CONCURRENTLY" in piece.words and piece.words[0] != "DROP"
        # Not REINDEX: it is the cure of an invalid index, and a valid one says nothing of whether it was run.
        creates = concurrent and piece.words[0] == "CREATE"
        if creates and (wrong := invalid_indexes.find_broken(self.conn, state.invalid, text)):
            raise invalid_indexes.invalid_error(where, "an earlier try left ", wrong)
        if in_doubt and creates and invalid_indexes.is_valid(self.conn, text):
            self.tell(f"{where}: the run that was cut off had finished it")
        else:
            self.write(history.step_rows(self.version, number - 1, before, doing=True))
            try:
                self.patiently(
                    piece, partial(self.cleanly, piece, invalid_indexes.invalid(self.conn) if concurrent else None)
                )
            except MigrationError as error:
                wrong = invalid_indexes.find_broken(self.conn, state.invalid, text) if concurrent else []
                raise (
                    invalid_indexes.invalid_error(error.where, f"{error.found}; it left ", wrong) if wrong else error
                ) from None
        self.write(done)

    def patiently(self, piece: Piece, attempt: Callable[[], None]) -> None:
        """Makes the attempt, again when a lock did not come in time and the statement can be run a second time."""
        if repeatable(piece):
            transaction.patiently(self.conn, self.ends, f"{self.source.label}:{piece.place}", attempt, self.tell)
        else:
            attempt()

    def cleanly(self, piece: Piece, before: tuple[str, ...] | None) -> None:
        """Sends a statement outside a transaction, once the invalid index is gone that the try before this one left."""
        for name in invalid_indexes.remains(self.conn, before, piece.text.decode()) if before is not None else ():
            drop = replace(piece, text=f"DROP INDEX CONCURRENTLY IF EXISTS {name}".encode())
            execute.send(self.conn, drop, self.source.label)
        execute.send(self.conn, piece, self.source.label)

    def run_counted(self, piece: Piece, done: str) -> None:
        """Runs a statement and writes its count in one transaction."""
        with self.guard_session():
            self.conn.execute("BEGIN")
            execute.send(self.conn, piece, self.source.label)
            session.commit(self.conn, self.source.label, history.own_statements(self.ends) + done)

    def changed_error(self, done: int) -> MigrationError:
        return MigrationError(
            self.source.label,
            f"its first {done} statements were changed after they had been run",
            "the statements that are done as they were; those after them may be changed",
            f"git diff {self.source.label}, put them back, then run the same command again",
        )

    def stopped_at(self, error: MigrationError, number: int, piece: Piece) -> MigrationError:
        """The error, and what is kept of this file."""
        kept = f"{number - 1} of its statements are done and kept; the next run goes on at {piece.place}"
        expected = error.expected.replace("nothing of this file was kept", kept).replace("nothing of it was kept", kept)
        return type(error)(
            error.where, error.found, expected if kept in expected else f"{expected}; {kept}", error.next, error.log
        )


def in_doubt_error(where: str, label: str) -> MigrationError:
    return MigrationError(
        where,
        "the run that was cut off was in this statement, which commits by itself: the server may have finished it",
        "the answer of somebody who looks at the data: whether it may run again, or is done",
        f"to run it again write `-- slipway: repeatable` at the top of {label}; where it is done, put SELECT 1 in its place",
    )


def repeatable(piece: Piece) -> bool:
    """Whether a statement that did not get a lock can be run again at once.

    Not COPY, whose data are read once; not what may have committed a part; not DETACH PARTITION CONCURRENTLY, which
    stays half done; not an index without a name, nor REINDEX, which names what it builds by itself: what such a try
    leaves could not be told from another session's.
    """
    made = invalid_indexes.made_by(piece.text.decode()) if "INDEX" in piece.words else None
    return piece.data is None and not (
        lexer.commits_itself(piece.words)
        or {"DETACH", "REINDEX"} & set(piece.words)
        or (made is not None and not made.name)
    )
