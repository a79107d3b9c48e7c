"""Moves a database along its migrations, one version up or down at a time, each whole before the next begins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from slipway.data.endpoints import Emit, Endpoints
from slipway.data.migrations import no_transaction, session, transaction
from slipway.data.migrations.files import Migration, transactional
from slipway.data.migrations.history import Unfinished
from slipway.data.migrations.interface import Ran
from slipway.data.migrations.state import Situation
from slipway.data.migrations.transaction import Mark
from slipway.data.progress import progress
from slipway.data.sql import check
from slipway.errors import MigrationError

if TYPE_CHECKING:
    import psycopg


@dataclass(frozen=True)
class Move:
    """One version up or down; `target` is what golang-migrate's row says afterwards."""

    file: Migration
    way: str
    target: int

    @property
    def source(self):
        return self.file.up if self.way == "up" else self.file.down

    @property
    def label(self) -> str:
        return self.source.label if self.source else self.file.label


def upwards(seen: Situation, to: int | None) -> tuple[Move, ...]:
    """The versions that the database has not had, in order, up to `to`."""
    return tuple(
        Move(each, "up", each.version)
        for each in seen.files
        if each.version not in seen.known and (to is None or each.version <= to)
    )


def forwards(seen: Situation, to: int | None) -> tuple[Move, ...]:
    """`upwards` for a run that never goes back. Raises MigrationError for a target without a file, or below what is
    applied."""
    if to is not None:
        seen.file(to)
    if to is not None and seen.newest is not None and to < seen.newest:
        raise MigrationError(
            f"migration {to}",
            f"the database is at {seen.newest} already",
            f"a version from {seen.newest}",
            f"./invoke db.goto {to} to roll back to it",
        )
    return upwards(seen, to)


def downwards(seen: Situation, versions: list[int]) -> tuple[Move, ...]:
    """Those versions, newest first. Raises MigrationError where a downward file is missing."""
    moves = tuple(Move(seen.file(version), "down", seen.before(version)) for version in sorted(versions, reverse=True))
    for move in moves:
        if move.file.down is None:
            raise transaction.no_down(move.file)
    return moves


def by_itself(move: Move, stopped: Unfinished | None) -> bool:
    """Whether the file is run without a transaction; one that was begun so is ended so."""
    return (stopped is not None and stopped.version == move.file.version) or not transactional(move.source)


def refuse_unfit(conn: psycopg.Connection, moves: tuple[Move, ...], stopped: Unfinished | None) -> None:
    """Raises MigrationError for the first file that cannot be run as it is, before anything is run."""
    for move in moves:
        if move.source:
            check.refuse_unfit(move.source.chunks(), move.label, conn.info.dbname, by_itself(move, stopped))


def perform(
    conn: psycopg.Connection,
    ends: Endpoints,
    moves: tuple[Move, ...],
    stopped: Unfinished | None,
    mark: Mark,
    emit: Emit,
) -> list[Ran]:
    """Makes the moves in order; each file's line of the result. An error leaves whole moves only.

    Whatever is told at the end, what was done is on the disk by then.
    """
    refuse_unfit(conn, moves, stopped)
    done: list[Ran] = []
    try:
        for index, move in enumerate(moves, 1):
            done.append(one(conn, ends, move, stopped, mark, emit, index == len(moves)))
            progress(emit, done[-1].file, index, len(moves), "files")
    except BaseException:
        session.flush(conn, ends)
        raise
    return done


def one(
    conn: psycopg.Connection,
    ends: Endpoints,
    move: Move,
    stopped: Unfinished | None,
    mark: Mark,
    emit: Emit,
    last: bool,
) -> Ran:
    """One move, in a transaction or statement by statement as its file wants."""

    def tell(text: str) -> None:
        progress(emit, text, 0, 0, "")

    mine = stopped if stopped and stopped.version == move.file.version else None
    if by_itself(move, stopped):
        if move.way == "up":
            return no_transaction.up(conn, ends, move.file, mark, mine, tell)
        return no_transaction.down(conn, ends, move.file, move.target, mark, mine, tell)
    if move.way == "up":
        return transaction.up(conn, ends, move.file, mark, tell, last)
    return transaction.down(conn, ends, move.file, move.target, tell, last)


def refuse_stopped(seen: Situation, way: str, first: Move | None) -> None:
    """Raises MigrationError when a file that stopped in its middle would be left behind by these moves."""
    stopped = seen.stopped
    if stopped is None or (first and (first.file.version, first.way) == (stopped.version, stopped.way)):
        return
    label = seen.file(stopped.version).label
    verb = "./invoke db.migrate" if stopped.way == "up" else "./invoke db.rollback"
    raise MigrationError(
        label,
        f"stopped in its middle on the way {stopped.way}: {stopped.done} of its statements are done",
        "that file finished before anything else",
        f"{verb}; the statements that are not done yet may be edited before",
    )
