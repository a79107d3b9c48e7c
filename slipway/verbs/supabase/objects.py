"""`supabase.objects`: the bytes of the project's objects into this stack's store."""

from __future__ import annotations

from contextlib import nullcontext

from slipway.data.wire import encode
from slipway.environment import enter
from slipway.plan import Plan, Progress, Silent, Step, apply, guard_steps
from slipway.supabase.interface import OBJECTS, Move, Moved
from slipway.supabase.objects.move import refuse_losses
from slipway.system.inherited import path_of
from slipway.system.process import end_all
from slipway.units import size


def run(on: str, reporter, tree: str = "", wait: float = 0) -> None:
    """Moves what is not here yet. A row without its bytes is a VerificationError (exit 8) that names it."""
    env = enter(on)
    reporter.header(env.header)
    done: list[Moved] = []
    with env.engine.hold_lock("supabase.objects", wait, env.flag) as check:
        delivered = env.engine.deliver_tree(path_of(tree), Silent()) if tree else nullcontext("")
        with delivered as folder:

            def move(progress: Progress) -> str:
                done.append(env.engine.inside(OBJECTS, Move(folder), progress))
                return f"{done[0].put:,} put, {size(done[0].bytes)}"

            step = Step("move the objects", "every row of storage.objects", move)
            apply(guard_steps(Plan(((step,),)), check), reporter, end_all)
    moved = done[0]
    refuse_losses(moved)
    reporter.done(
        f"{moved.put:,} objects moved, {size(moved.bytes)}, {moved.same:,} were here, in {moved.seconds:.1f} s.",
        moved=encode(moved),
    )
