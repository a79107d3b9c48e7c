"""Two sides in the order of their keys, and what became of each key between them. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from slipway.supabase.delta.tables import Key

INSERTED, CHANGED, DELETED = "+", "~", "-"


def merge(before: Iterator[tuple[Key, object]], after: Iterator[tuple[Key, object]]) -> Iterator[tuple[str, Key]]:
    """Each key that is new, has another hash, or is gone; one pair of each side is in memory."""
    old, new = next(before, None), next(after, None)
    while old or new:
        if new is None or (old and old[0] < new[0]):
            yield DELETED, old[0]
            old = next(before, None)
        elif old is None or new[0] < old[0]:
            yield INSERTED, new[0]
            new = next(after, None)
        else:
            if old[1] != new[1]:
                yield CHANGED, new[0]
            old, new = next(before, None), next(after, None)
