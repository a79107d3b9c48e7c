"""What a restore says: what would be lost, before it begins, and what has become of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from slipway.recovery.backups import describe_age
from slipway.units import size

if TYPE_CHECKING:
    from slipway.data.restore.interface import Looked
    from slipway.environment import Environment
    from slipway.recovery.asked import Done, Wish

NAMED = 10


def question(env: Environment, wish: Wish, found: Looked) -> Iterator[str]:
    """The backup, and what the live database has had since."""
    label = f' "{found.label}"' if found.label else ""
    which = f"backup {found.id}{label}, {describe_age(found.age_s)} old"
    if found.stack and found.stack != env.stack.name:
        yield f"{found.id} is of another stack: {found.stack}"
    if wish.into:
        yield f"This makes database {wish.into} of {which}; {found.database} is not touched."
        return
    if wish.database:
        yield f"This replaces database {found.database} of {env.stack.name} by {which}."
        yield from describe_losses(found)
    if wish.whole:
        yield f"This replaces all that {wish.whole.title} of {env.stack.name} holds by {which}; a backup of it is taken first."
        return
    if found.kept:
        total = sum(each.bytes for each in found.kept)
        yield f"Earlier restores have kept {len(found.kept)} of it, {size(total)}: ./invoke restore --drop-old{env.flag}"
    if wish.objects and found.objects:
        yield "Objects that are absent or others now are put back; those that are new stay."


def describe_losses(found: Looked) -> Iterator[str]:
    if found.live is None:
        yield f"There is no database {found.database} now."
        return
    if not found.tables and not found.migrations:
        yield "Every table has as many rows as then; changes within rows since are lost."
        return
    yield "What it has had since is lost:" if found.exact else "What it has had since is lost (rows estimated):"
    width = max((len(each.table) for each in found.tables), default=0)
    for each in found.tables[:NAMED]:
        yield f"  {each.table:{width}}  {rows(each.now)} now, {rows(each.then)} then"
    if len(found.tables) > NAMED:
        yield f"  and {len(found.tables) - NAMED} tables more"
    for migration in found.migrations:
        yield f"  migration {migration.version} {migration.name}: pending again afterwards"


def rows(count: int | None) -> str:
    return "not there" if count is None else f"{count:,} rows"


def describe_aftermath(env: Environment, done: Done) -> Iterator[str]:
    """What is worth knowing after a restore."""
    for note in done.database.notes if done.database else ():
        yield f"  {note}"
    if done.objects and done.objects.extra:
        named = ", ".join(done.objects.extras[:NAMED])
        yield f"  {done.objects.extra:,} objects are not in the backup and stay: {named}"


def summary(env: Environment, wish: Wish, found: Looked, done: Done, seconds: float) -> str:
    if wish.into:
        return f"Database {wish.into} is {found.id}, in {seconds:.1f} s; {found.database} was not touched."
    lines = [f"Restored {found.id} in {seconds:.1f} s."]
    if done.database and (old := done.database.old):
        if done.dropped and old in done.dropped.dropped:
            lines.append("The database of before is dropped.")
        else:
            lines.append(f"The database of before is {old}; ./invoke restore --drop-old{env.flag} deletes it.")
    if wish.whole and done.whole:
        again = f"./invoke restore {done.whole.before} --only {wish.only}{env.flag}"
        lines.append(f"What {wish.whole.title} held before: {again}")
    if wish.database and found.migrations:
        count = len(found.migrations)
        lines.append(f"{count} migration{'s are' if count > 1 else ' is'} pending again: ./invoke db.status{env.flag}")
    return "\n".join([*lines, env.engine.url()])
