"""Whether the pool still has what a backup's objects.jsonl names."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from slipway.data.mirror import manifest
from slipway.data.mirror.manifest import Entry
from slipway.data.mirror.pool import Pool, digests


def find_missing(folder: Path, pool: Path) -> list[str]:
    """A sentence for each object whose bytes are absent or of another size; objects kept without bytes are fine."""
    return [problem for entry in kept_entries(folder) if (problem := absence(entry, Pool(pool)))]


def files(folder: Path, pool: Path) -> Iterator[Path]:
    """Where the bytes of each object are, each file once, in the order of their names."""
    names = sorted({entry.sha256 for entry in kept_entries(folder)})
    return (Pool(pool).path(name) for name in names)


def absence(entry: Entry, pool: Pool) -> str:
    try:
        size = pool.path(entry.sha256).stat().st_size
    except OSError:
        return f"{entry.name}: its bytes, objects/{entry.sha256[:2]}/{entry.sha256}, are missing"
    return (
        ""
        if size == entry.size
        else f"{entry.name}: objects/{entry.sha256[:2]}/{entry.sha256} has {size} bytes instead of {entry.size}"
    )


def sample(folder: Path, pool: Path, count: int | None, aside: bool = False) -> list[str]:
    """A sentence for each of `count` objects, chosen by chance, whose bytes are not those that were backed up.

    None looks at every object. With `aside`, files that hold other bytes lose their name (`Pool.set_aside`).
    """
    entries = kept_entries(folder) if count is None else sample_entries(kept_entries(folder), count)
    return [problem for entry in entries if (problem := damage(entry, Pool(pool), aside))]


def damage(entry: Entry, pool: Pool, aside: bool) -> str:
    problem = absence(entry, pool)
    if problem:
        return problem
    found = digests(pool.path(entry.sha256))[0]
    if found == entry.sha256:
        return ""
    if aside:
        with suppress(OSError):  # a disk that nobody may write: what is wrong is said all the same
            pool.set_aside(entry.sha256)
    return f"{entry.name}: objects/{entry.sha256[:2]}/{entry.sha256} holds other bytes (sha256 {found[:12]}…)"


def kept_entries(folder: Path) -> Iterator[Entry]:
    return (entry for entry in manifest.read(folder) if entry.sha256)


def sample_entries(entries: Iterator[Entry], count: int) -> list[Entry]:
    """`count` of them, each as likely as another, in one pass."""
    found: list[Entry] = []
    for number, entry in enumerate(entries):
        if len(found) < count:
            found.append(entry)
        elif (place := random.randrange(number + 1)) < count:  # noqa: S311
            found[place] = entry
    return found
