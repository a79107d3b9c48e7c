"""What a rehearsal found, in sentences for people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from slipway.data.migrations.foresight import Lock
from slipway.data.rehearsal.interface import Built, Changed, Down, Rehearsed, Rewritten


@dataclass(frozen=True)
class Measured:
    """What a file did on its way up, as `Rehearsed` tells it."""

    file: str
    version: int
    ms: float
    locks: tuple[Lock, ...]
    sampled: bool
    rewritten: tuple[Rewritten, ...]
    changed: tuple[Changed, ...]
    indexes: tuple[Built, ...]
    size_change: int


def effects(file: Measured, down: Down) -> tuple[str, ...]:
    """One sentence for each lock that somebody may wait for, each rewritten table, index, change of rows and size."""
    end = "its statement, as far as seen" if file.sampled else "the file"
    told = [f"{each.table}: {each.mode} to the end of {end}, blocks {each.blocks}" for each in file.locks]
    told += [f"{each.table}: written anew, {each.rows} rows" for each in file.rewritten]
    told += [f"{each.index}: built, {size(each.bytes)}" for each in file.indexes]
    told += [f"{each.table}: {rows(each)}" for each in file.changed]
    told += ["rows that it changes are not counted: it is run without a transaction"] if file.sampled else []
    told += (
        [f"the database {'grows' if file.size_change > 0 else 'shrinks'} by {size(abs(file.size_change))}"]
        if file.size_change
        else []
    )
    return (*told, *undone(down))


def rows(each: Changed) -> str:
    counts = {"inserted": each.inserted, "updated": each.updated, "deleted": each.deleted}
    return ", ".join(f"{count} rows {word}" for word, count in counts.items() if count)


def undone(down: Down) -> list[str]:
    """How its down went; each difference that it leaves."""
    if down.restores:
        return ["down: brings back the exact schema"]
    if not down.tried:
        return [f"down: not tried, {down.reason}"]
    return [f"down: {down.reason}", *(f"down: {each}" for each in down.differences)]


def summary(files: Sequence[Rehearsed], ok: bool, live: int, copy: int) -> str:
    """How many went up and down, and why some downs were not tried. `live` and `copy` are major versions of servers."""
    if not files:
        return "Nothing is pending, so there is nothing to rehearse."
    where = "a copy" if live == copy else f"a copy on PostgreSQL {copy}, while the live server is {live}"
    end = "." if ok else ", but not every down brings the schema back."
    first = next((each for each in reversed(files) if not each.down.undone), None)
    skipped = sum(not each.down.tried for each in files)
    why = f" {count(skipped, 'down')} not tried: {first.file} was not undone." if first and skipped > 1 else ""
    return f"{count(len(files), 'file')} went up on {where}{end}{why}"


def count(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")


def size(count: int) -> str:
    """Bytes as people read them."""
    for unit in ("bytes", "kB", "MB"):
        if count < 10_000:
            return f"{count:.0f} {unit}"
        count /= 1024
    return f"{count:.1f} GB"
