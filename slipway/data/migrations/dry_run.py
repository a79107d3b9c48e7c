"""What a migration would do: every pending file is really run, in one transaction that is rolled back at the end."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from slipway.data.endpoints import Emit, Endpoints
from slipway.data.migrations import history, session, state, transaction
from slipway.data.migrations import moves as moving
from slipway.data.migrations.files import transactional
from slipway.data.migrations.interface import Outcome, Tried, Try
from slipway.data.migrations.moves import Move
from slipway.data.progress import progress
from slipway.data.sql import check, execute

if TYPE_CHECKING:
    import psycopg


def try_migrations(ends: Endpoints, args: Try, emit: Emit) -> Outcome:
    """Runs every pending migration and takes all of it back.

    A file that needs no transaction, or needs the one before it committed, cannot be tried, nor can those after it.
    The files hold their locks while they are tried, each for as long as the rest takes. Raises what `migrate` raises.
    """
    state.check_number("to", args.to, 0)
    files = state.readable(ends)
    with session.open_locked_session(ends, "slipway dry run", lambda text: progress(emit, text, 0, 0, "")) as conn:
        session.reset(conn, ends)
        with session.guard_transaction(conn, f"database {conn.info.dbname}"):
            conn.execute("BEGIN")
            history.establish(conn, ends)
            seen = state.look(conn, files)
            state.refuse_conflicts(conn, seen)
            moves = moving.forwards(seen, args.to)
            moving.refuse_stopped(seen, "up", moves[0] if moves else None)
            moving.refuse_unfit(conn, moves, seen.stopped)
            would = try_all(conn, ends, moves, emit)
            conn.execute("ROLLBACK")
    return Outcome(tuple(would), max([*seen.known, *(each.version for each in would)], default=None))


def try_all(conn: psycopg.Connection, ends: Endpoints, moves: tuple[Move, ...], emit: Emit) -> list[Tried]:
    would: list[Tried] = []
    reason = ""
    for index, move in enumerate(moves, 1):
        line = partial(Tried, move.file.version, move.file.name, move.label)
        if not reason and not transactional(move.source):
            reason = f"{move.label} is run without a transaction, and so cannot be taken back"
        if not reason:
            try:
                would.append(line(True, try_one(conn, ends, move)))
            except execute.NeedsCommit as error:
                reason = f"{error.where}: {error.found}: works only after what came before it is committed"
        if reason:
            would.append(line(False, reason=reason))
        progress(emit, move.label, index, len(moves), "files")
    return would


def try_one(conn: psycopg.Connection, ends: Endpoints, move: Move) -> float:
    """Runs one file inside the open transaction; constraints that wait for COMMIT are checked at its end."""
    started = time.monotonic()
    with session.guarded_inside(conn, move.label):
        pieces = check.check_pieces(move.source.chunks(), move.label, conn.info.dbname) if move.source else iter(())
        transaction.run_pieces(conn, ends, move.label, pieces, ())
        conn.execute(history.own_statements(ends) + "SET CONSTRAINTS ALL IMMEDIATE")
    return round((time.monotonic() - started) * 1000, 1)
