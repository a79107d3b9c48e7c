"""`migrate`: applies what is pending, under the lock, one transaction per file with its history row inside it."""

from __future__ import annotations

from slipway.data.endpoints import Emit, Endpoints
from slipway.data.migrations import dry_run, state
from slipway.data.migrations import moves as moving
from slipway.data.migrations.transaction import Mark

raise_first = state.raise_first


def migrate(ends: Endpoints, args: dict, emit: Emit) -> dict:
    """Applies every pending migration in order of its number, or those up to `args["to"]`.

    Returns {"applied": [{"version", "name", "file", "ms"}], "version": the newest applied or None}; with
    `args["dry_run"]` nothing is kept and the answer is that of `dry_run.try_migrations`. `args["by"]` and
    `args["release"]` are recorded. Raises MigrationError with file, line and column; LockHeld when another
    runner keeps the lock.
    A failed or killed run leaves whole files only: those before the one that failed.
    """
    to = state.number(args, "to", None, 0)
    if args.get("dry_run"):
        return dry_run.try_migrations(ends, to, emit)
    with state.open_state(ends, "slipway migrate", emit) as (conn, seen):
        state.refuse_conflicts(conn, seen)
        moves = moving.forwards(seen, to)
        moving.refuse_stopped(seen, "up", moves[0] if moves else None)
        done = moving.perform(conn, ends, moves, seen.stopped, mark_of(args), emit)
    return {"applied": done, "version": max([*seen.known, *(each["version"] for each in done)], default=None)}


def mark_of(args: dict) -> Mark:
    return Mark(str(args.get("by") or ""), str(args.get("release") or ""))
