"""A rehearsal of migrations as a step of a deploy, and what it is refused for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from slipway.environment import Environment
from slipway.errors import MigrationError
from slipway.plan import Progress, Step

if TYPE_CHECKING:
    from slipway.data.rehearsal.interface import Rehearsal, Rehearsed


def remark(found: Rehearsal) -> str:
    return f"{len(found.files)} files in {found.seconds:.1f} s"


def step(env: Environment) -> Step:
    """The rehearsal that REHEARSE=true puts before the migrations of a deploy."""

    def work(progress: Progress) -> str:
        from slipway.data.rehearsal.interface import REHEARSE, Rehearse

        found = env.engine.inside(REHEARSE, Rehearse(), progress)
        refuse_one_way(found)
        locks = sorted(set(describe_blocking(found.files)))
        return f"{remark(found)}; " + (f"blocks {', '.join(locks)}" if locks else "blocks nobody")

    return Step("rehearse", "REHEARSE=true: on a copy of the live data", work)


def describe_blocking(files: Iterable[Rehearsed]) -> Iterator[str]:
    """What others may not do meanwhile, and where."""
    for file in files:
        yield from (f"{lock.blocks} on {lock.table}" for lock in file.locks)


def refuse_one_way(found: Rehearsal) -> None:
    """Raises MigrationError, with what is left, for the first file whose down does not bring the schema back."""
    for file in found.files:
        down = file.down
        if down.tried and not down.restores:
            raise MigrationError(
                file.file,
                f"its down, rehearsed on a copy: {down.reason}",
                "a down that brings the exact schema back, or no down file at all",
                "mend the down file, then ./invoke db.rehearse",
                down.differences,
            )
