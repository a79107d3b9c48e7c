"""`restore`: a backup in the place of what is live, after a look at what would be lost; or beside it, by another name."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from functools import partial

from slipway.data.restore.interface import (
    ANALYZE,
    DROP,
    LOOK,
    LOOK_AT_OBJECTS,
    OBJECTS,
    RESTORE,
    WHOLE,
    Drop,
    Looked,
    Restore,
    RestoreWhole,
    Source,
)
from slipway.data.verb import Nothing
from slipway.data.wire import encode
from slipway.engine import Seen
from slipway.environment import Environment, enter
from slipway.errors import EngineError, SettingsError, SlipwayError
from slipway.plan import Level, Plan, Progress, Silent, Step, apply, guard_steps
from slipway.recovery import door, words
from slipway.recovery import moment as restore_at
from slipway.recovery.asked import Done, Wish, read_wish, refuse_absent
from slipway.recovery.backups import settings_named
from slipway.release import confirm, gates, provision
from slipway.release.confirm import Yes
from slipway.stack import stores
from slipway.system.inherited import path_of
from slipway.system.process import end_all
from slipway.units import size


def run(on: str, reporter, yes: Yes = False, wait: float = 0, **asked) -> None:
    """Looks, asks, restores, proves. A failure leaves the live database whole: the old one, or the new one."""
    if at := asked.pop("at", None):
        moment(on, reporter, at, yes, wait, asked)
        return
    begun, wish = time.monotonic(), read_wish(**asked)
    env = enter(on)
    reporter.header(env.header)
    with env.engine.hold_lock("restore", wait, env.flag) as check:
        seen = env.engine.observe()
        refuse_down(env, seen)
        if not wish.backup and not wish.folder:
            drop_old(env, reporter, yes)
            return
        delivered = env.engine.deliver_backup(path_of(wish.folder), Silent()) if wish.folder else nullcontext("")
        with delivered as folder:
            source = Source(folder=folder) if folder else Source(wish.backup)
            found = env.engine.inside(LOOK, source, Silent())
            refuse_absent(wish, found)
            if wish.objects and found.objects:
                # Before anything is replaced: a database of then beside objects of now would be neither.
                env.engine.inside(LOOK_AT_OBJECTS, source, Silent())
            for line in words.question(env, wish, found):
                reporter.line(line)
            if not wish.into:
                name = "" if wish.folder else f" {found.id}"
                confirm.by_name(env, yes, f"restore{name}{wish.options}", "this replaces what is live")
            done = carry_out(env, reporter, seen, wish, source, found, check)
    for line in words.describe_aftermath(env, done):
        reporter.line(line)
    reporter.done(
        words.summary(env, wish, found, done, time.monotonic() - begun),
        backup=found.id,
        database=encode(done.database or {}),
        objects=encode(done.objects or {}),
        **{name: encode(done.whole or {}) if name == wish.only else {} for name in stores.WHOLE},
        seconds=round(time.monotonic() - begun, 3),
    )


def moment(on: str, reporter, at: str, yes: Yes, wait: float, asked: dict) -> None:
    """The whole cluster as it was at a moment, from the archive and not from a backup."""
    if others := [name.replace("_", "-") for name, value in asked.items() if value and name != "drop_old"]:
        raise SettingsError(
            "restore --at",
            f"{others[0]} as well",
            "a moment of the whole cluster, or a backup",
            f"./invoke restore --at '{at}'",
        )
    restore_at.run(on, reporter, at=at, yes=yes, drop_old=asked.get("drop_old", False), wait=wait)


def refuse_down(env: Environment, seen: Seen) -> None:
    if seen.data is None or not seen.data.postgres.server_version:
        reason = seen.data.postgres.reason if seen.data else "the stack does not run"
        # A database that is gone is a reason to restore; a server that is gone is none to begin.
        if not seen.data or "does not exist" not in reason:
            raise EngineError("postgres", reason, "a stack that is up", f"./invoke up{env.flag}")


def carry_out(
    env: Environment, reporter, seen: Seen, wish: Wish, source: Source, found: Looked, check: Callable[[], None]
) -> Done:
    """Runs the plan for what was asked, with the front door closed where the live data is replaced."""
    done = Done()
    todo = guard_steps(plan(env, wish, source, found, done), check)
    if wish.into:
        apply(todo, reporter, end_all)
        return done
    with door.keep_door_closed(env, seen, reporter):
        try:
            apply(todo, reporter, end_all)
        except SlipwayError as error:
            if done.database:
                error.found += f"; database {done.database.database} is the restored one already"
            raise
    apply(Plan(tuple(afterwards(env, seen, wish, done))), reporter, end_all)
    return done


def afterwards(env: Environment, seen: Seen, wish: Wish, done: Done) -> Iterator[Level]:
    """The app answers again, if it did before; only then the database of before may go."""
    if seen.answering:
        yield (gates.ready(env, seen),)
        yield (gates.front_door(env),)
    if wish.drop_old and done.database and done.database.old:
        yield (
            Step(
                "drop the database of before",
                "--drop-old",
                partial(drop_kept, env, Drop((done.database.old,)), done),
            ),
        )


def drop_kept(env: Environment, args: Drop, done: Done, progress: Progress) -> str:
    done.dropped = env.engine.inside(DROP, args, progress)
    return ", ".join(done.dropped.dropped) or "there is none"


def plan(env: Environment, wish: Wish, source: Source, found: Looked, done: Done) -> Plan:
    """What is done while nobody writes."""
    levels: list[Level] = []
    if wish.database:
        levels.append((Step("restore the database", f"from {found.id}", partial(database, env, wish, source, done)),))
    if wish.database and not wish.into:
        if env.settings.postgres == "bundled":
            levels.append((Step("roles", "grants on the restored database", partial(provision.roles, env.engine)),))
        levels.append((Step("statistics", "for the planner", partial(statistics, env)),))
    if wish.objects and found.objects:
        levels.append((Step("restore the objects", f"from {found.id}", partial(objects, env, source, done)),))
    if wish.whole:
        name = wish.whole.name
        levels.append((Step(f"restore {name}", f"from {found.id}", partial(whole, env, name, source, done)),))
    return Plan(tuple(levels))


def whole(env: Environment, name: str, source: Source, done: Done, progress: Progress) -> str:
    args = RestoreWhole(source.id, source.folder, tuple(settings_named(env)))
    done.whole = env.engine.inside(WHOLE[name], args, progress)
    return f"{done.whole.keys:,} keys; {done.whole.before} has what it held before"


def database(env: Environment, wish: Wish, source: Source, done: Done, progress: Progress) -> str:
    args = Restore(source.id, source.folder, wish.into, wish.tables, wish.schema_only, wish.mask)
    done.database = env.engine.inside(RESTORE, args, progress)
    return f"{done.database.rows:,} rows, as its manifest says"


def statistics(env: Environment, progress: Progress) -> str:
    env.engine.inside(ANALYZE, Nothing(), progress)
    return "gathered"


def objects(env: Environment, source: Source, done: Done, progress: Progress) -> str:
    done.objects = env.engine.inside(OBJECTS, source, progress)
    return f"{done.objects.put:,} put back, {done.objects.same:,} were the same"


def drop_old(env: Environment, reporter, yes: Yes) -> None:
    """Only what earlier restores have kept goes."""
    confirm.outside_local(env, yes, "restore --drop-old", "this deletes the databases that restores have kept")
    done = Done()
    step = Step("drop what restores kept", "--drop-old", partial(drop_kept, env, Drop(), done))
    apply(Plan(((step,),)), reporter, end_all)
    if gone := done.dropped:
        reporter.done(f"{len(gone.dropped)} dropped, {size(gone.bytes)} free.", **encode(gone))
