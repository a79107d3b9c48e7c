"""`supabase.copy`: the project's schema, data and logins as a database of this stack."""

from __future__ import annotations

from contextlib import nullcontext
from functools import partial

from slipway.data.wire import encode
from slipway.environment import Environment, enter
from slipway.errors import EngineError
from slipway.plan import Level, Plan, Progress, Silent, Step, apply, guard_steps
from slipway.release import confirm, provision
from slipway.release.confirm import Yes
from slipway.supabase.interface import COPY, Copied, Copy
from slipway.system.inherited import path_of
from slipway.system.process import end_all


def run(
    on: str,
    reporter,
    into: str = "",
    fresh: bool = False,
    from_dir: str = "",
    yes: Yes = False,
    wait: float = 0,
) -> None:
    """Copies, compares, and puts the copy in the place of the live database, which is kept by another name."""
    env = enter(on)
    reporter.header(env.header)
    done: list[Copied] = []
    with env.engine.hold_lock("supabase.copy", wait, env.flag) as check:
        refuse_down(env)
        if not into:
            confirm.by_name(env, yes, "supabase.copy", "this replaces what is live; it is kept by another name")
        with env.engine.deliver_tree(path_of(from_dir), Silent()) if from_dir else nullcontext("") as dumps:
            args = Copy(into, fresh, dumps)
            try:
                apply(guard_steps(plan(env, args, done), check), reporter, end_all)
            finally:  # also where a step after the copy fails: the copy is there, and nothing says it again
                for copied in done:
                    say(env, reporter, copied)
    copied = done[0]
    reporter.done(
        f"{copied.rows:,} rows of {copied.begun} are in {copied.database}, compared row by row, in {copied.seconds:.1f} s.",
        copied=encode(copied),
    )


def say(env: Environment, reporter, copied: Copied) -> None:
    """What there is to know of the copy, and what has stayed behind."""
    for line in (*copied.notes, *(f"stays behind: {text}" for text in copied.left)):
        reporter.line(f"  ! {line}")
    if copied.old:
        reporter.line(f"  the database of before is {copied.old}; ./invoke restore --drop-old{env.flag} drops it")


def refuse_down(env: Environment) -> None:
    seen = env.engine.observe()
    if seen.data is None or not seen.data.postgres.reachable:
        reason = seen.data.postgres.reason if seen.data else "the stack does not run"
        raise EngineError("postgres", reason, "a stack that is up", f"./invoke up{env.flag}")


def plan(env: Environment, args: Copy, done: list[Copied]) -> Plan:
    def copy(progress: Progress) -> str:
        done.append(env.engine.inside(COPY, args, progress))
        return f"{done[0].rows:,} rows"

    cause = f"into database {args.into}" if args.into else "beside the live database, then in its place"
    levels: list[Level] = [(Step("copy the project", cause, copy),)]
    if env.settings.postgres == "bundled" and not args.into:
        levels.append((Step("roles", "grants on the copy", partial(provision.roles, env.engine)),))
    return Plan(tuple(levels))
