"""`supabase.delta`: what changed in the project since its copy, brought into the copy."""

from __future__ import annotations

from collections.abc import Iterator

from slipway.data.wire import encode
from slipway.environment import enter
from slipway.plan import Plan, Progress, Step, apply, guard_steps
from slipway.release import confirm
from slipway.release.confirm import Yes
from slipway.supabase.interface import DELTA, Brought, Delta
from slipway.system.process import end_all

MOST_NAMED = 10


def run(
    on: str,
    reporter,
    into: str = "",
    overwrite: bool = False,
    dry_run: bool = False,
    yes: Yes = False,
    wait: float = 0,
) -> None:
    """Brings all of it in one transaction, or nothing; `overwrite` asks first, for it takes back what was written here."""
    env, args = enter(on), Delta(into, overwrite, dry_run)
    reporter.header(env.header)
    done: list[Brought] = []

    def bring(progress: Progress) -> str:
        done.append(env.engine.inside(DELTA, args, progress))
        return f"{len(done[0].tables)} tables differ"

    with env.engine.hold_lock("supabase.delta", wait, env.flag) as check:
        if overwrite and not dry_run:
            confirm.by_name(env, yes, "supabase.delta", "this takes back what was changed here since the copy")
        step = Step("bring what changed", f"into database {into}" if into else "into the live database", bring)
        apply(guard_steps(Plan(((step,),)), check), reporter, end_all)
    for line in lines(done[0]):
        reporter.line(f"  {line}")
    reporter.done(summary(done[0]), brought=encode(done[0]))


def lines(brought: Brought) -> Iterator[str]:
    """A line for each table that differed, and for what is left to do. Pure."""
    for each in brought.tables:
        how = "; it has no key and is replaced whole" if each.whole else ""
        yield f"{each.table}: {each.inserted:,} new, {each.changed:,} changed, {each.deleted:,} gone{how}"
    for name in brought.overwritten:
        yield f"! {name}: had been changed here"
    if brought.orphans:
        more = " …" if brought.orphans > MOST_NAMED else ""
        named = ", ".join(brought.orphan_names[:MOST_NAMED])
        yield f"! {brought.orphans:,} objects are in the store still and in no row: {named}{more}"
    if any(each.table == "storage.objects" for each in brought.tables) and not brought.dry_run:
        yield "./invoke supabase.objects moves the bytes of what is new"


def summary(brought: Brought) -> str:
    rows = sum(each.inserted + each.changed + each.deleted for each in brought.tables)
    did = "would be brought; nothing was changed" if brought.dry_run else "brought, and every table compared"
    return (
        f"{rows:,} rows of {len(brought.tables)} tables and {brought.sequences} sequences from {brought.since} to "
        f"{brought.begun} {did}, in {brought.seconds:.1f} s."
    )
