"""`rollback`, `goto` and `redo`: back along the downward files, a version at a time and never further than asked."""

from __future__ import annotations

from dataclasses import replace

from slipway.data.endpoints import Emit, Endpoints
from slipway.data.migrations import moves as moving
from slipway.data.migrations import state, validate
from slipway.data.migrations.interface import Gone, Goto, Ran, Redo, Rollback, RolledBack
from slipway.data.migrations.state import Situation
from slipway.data.migrations.transaction import Mark
from slipway.errors import MigrationError


def rollback(ends: Endpoints, args: Rollback, emit: Emit) -> RolledBack:
    """Runs the downward files of the newest versions. One that was edited since its version was applied is run as it is
    now, and has a note.

    Raises MigrationError, before anything is run, where a downward file is missing or fewer versions are applied.
    """
    state.check_number("steps", args.steps, 1)
    with state.open_state(ends, "slipway rollback", emit) as (conn, seen):
        versions = newest(seen, args.steps)
        state.refuse_conflicts(conn, seen, frozenset(versions))
        moves = moving.downwards(seen, versions)
        moving.refuse_stopped(seen, "down", moves[0])
        done = moving.perform(conn, ends, moves, seen.stopped, Mark(args.by), emit)
    return RolledBack(describe_done(done, seen), version_left(seen, versions))


def goto(ends: Endpoints, args: Goto, emit: Emit) -> Gone:
    """Moves the database up or down to a version. Raises what `migrate` and `rollback` raise."""
    version = args.version
    state.check_number("version", version, 0)
    with state.open_state(ends, "slipway goto", emit) as (conn, seen):
        seen.file(version)
        above = [each for each in seen.known if each > version]
        state.refuse_conflicts(conn, seen, frozenset(above))
        moves = moving.downwards(seen, above) if above else moving.upwards(seen, version)
        moving.refuse_stopped(seen, "", moves[0] if moves else None)
        done = moving.perform(conn, ends, moves, seen.stopped, Mark(args.by), emit)
    applied, undone = ((), describe_done(done, seen)) if above else (tuple(done), ())
    return Gone(applied, undone, version if done else seen.newest)


def redo(ends: Endpoints, args: Redo, emit: Emit) -> Gone:
    """Rolls the newest versions back and applies them again, as the files are now.

    When a file fails on the way up again, what was rolled back stays so, and `migrate` goes on from there.
    """
    state.check_number("steps", args.steps, 1)
    with state.open_state(ends, "slipway redo", emit) as (conn, seen):
        versions = newest(seen, args.steps)
        state.refuse_conflicts(conn, seen, frozenset(versions))
        downs = moving.downwards(seen, versions)
        ups = tuple(moving.Move(move.file, "up", move.file.version) for move in reversed(downs))
        moving.refuse_stopped(seen, "down", downs[0])
        moving.refuse_unfit(conn, ups, None)
        undone = moving.perform(conn, ends, downs, seen.stopped, Mark(args.by), emit)
        done = moving.perform(conn, ends, ups, None, Mark(args.by), emit)
    return Gone(tuple(done), describe_done(undone, seen), seen.newest)


def describe_done(done: list[Ran], seen: Situation) -> tuple[Ran, ...]:
    """The lines of what was rolled back, and which of the files were not any more those of when it was applied."""
    remarks = ((each, validate.down_edited(seen.file(each.version), seen.known[each.version])) for each in done)
    return tuple(
        replace(each, note="; ".join(filter(None, (each.note, remark)))) if remark else each for each, remark in remarks
    )


def newest(seen: Situation, steps: int) -> list[int]:
    """The newest applied versions, newest first. Raises MigrationError when there are fewer."""
    found = sorted(seen.known, reverse=True)[:steps]
    if len(found) < steps:
        raise MigrationError(
            "rollback",
            f"{steps} steps, and {len(found)} versions are applied",
            "no more steps than applied versions",
            "./invoke db.status",
        )
    return found


def version_left(seen: Situation, gone: list[int]) -> int | None:
    return max((version for version in seen.known if version not in gone), default=None)
