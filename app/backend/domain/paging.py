"""Pages of a list, newest first, by keyset: stable while rows are added, and as fast on page 1000 as on page 1."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar
from uuid import UUID

from backend.domain.errors import BadQuery

DEFAULT_LIMIT = 20
MAX_LIMIT = 100


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row is in a list."""

    created_at: datetime
    id: UUID


class Placed(Protocol):
    """Anything with a place in a list."""

    @property
    def place(self) -> Place: ...


Item = TypeVar("Item", bound=Placed)


@dataclass(frozen=True, slots=True)
class Slice:
    """The rows to give: at most `limit` that come after a place, or from the start."""

    limit: int = DEFAULT_LIMIT
    after: Place | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Some rows of a list; `next` is the token that the page after this one is asked for with."""

    items: Sequence[Item]
    next: str | None


def page(rows: Sequence[Item], limit: int) -> Page[Item]:
    """The first `limit` of `rows`; one row more than that says that there is a next page."""
    shown = rows[:limit]
    return Page(shown, token(shown[-1].place) if len(rows) > limit else None)


def token(at: Place) -> str:
    """`at` as the opaque text that clients pass back as `after`."""
    return urlsafe_b64encode(f"{at.created_at.isoformat()} {at.id}".encode()).decode().rstrip("=")


def place(text: str) -> Place:
    """The inverse of `token`. Raises BadQuery for any other text."""
    try:
        moment, key = urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().split(" ")
        created_at = datetime.fromisoformat(moment)
        if created_at.tzinfo is None:
            raise ValueError
        return Place(created_at, UUID(key))
    except ValueError:
        raise BadQuery("after is not a token that this list gave; start again without it.") from None
