"""`migrate`: applies what is pending, under the lock, one transaction per file with its history row inside it."""

from __future__ import annotations

from slipway.data.endpoints import Emit, Endpoints
from slipway.data.migrations import moves as moving
from slipway.data.migrations import state
from slipway.data.migrations.interface import Migrate, Migrated
from slipway.data.migrations.transaction import Mark

raise_first = state.raise_first


def migrate(ends: Endpoints, args: Migrate, emit: Emit) -> Migrated:
    """Applies every pending migration in order of its number.

    Raises MigrationError with file, line and column; LockHeld when another runner keeps the lock. A failed or killed run leaves whole files only: those before the one that failed.
    """
    state.check_number("to", args.to, 0)
    with state.open_state(ends, "slipway migrate", emit) as (conn, seen):
        state.refuse_conflicts(conn, seen)
        moves = moving.forwards(seen, args.to)
        moving.refuse_stopped(seen, "up", moves[0] if moves else None)
        done = moving.perform(conn, ends, moves, seen.stopped, Mark(args.by, args.release), emit)
    return Migrated(tuple(done), max([*seen.known, *(each.version for each in done)], default=None))
