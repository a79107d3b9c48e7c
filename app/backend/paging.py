"""Pages of a list, newest first, by keyset: stable while rows are added, and as fast on page 1000 as on page 1.

Pure: standard library only.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from backend.task_input import STATUSES, BadInput

DEFAULT_LIMIT = 20
MAX_LIMIT = 100
KNOWN = ("limit", "after", "status")


@dataclass(frozen=True)
class Place:
    """The last row of the page before."""

    created_at: datetime
    id: UUID


@dataclass(frozen=True)
class Page:
    """What a client asks of the list: at most `limit` rows that come after a place, with one status or any."""

    limit: int
    after: Place | None
    status: str | None


def page(query: Mapping[str, str]) -> Page:
    """The page that the query string asks for; BadInput 400 for what is unknown or out of range."""
    unknown = sorted(set(query) - set(KNOWN))
    if unknown:
        raise BadInput(400, f"Unknown query parameter {unknown[0][:60]!r}; known: {', '.join(KNOWN)}.")
    after = place(query["after"]) if "after" in query else None
    return Page(limit(query.get("limit", str(DEFAULT_LIMIT))), after, status(query.get("status")))


def limit(text: str) -> int:
    """`text` as a number of rows."""
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= MAX_LIMIT):
        raise BadInput(400, f"limit must be a whole number from 1 to {MAX_LIMIT}.")
    return int(text)


def status(text: str | None) -> str | None:
    """`text` as a status to filter by."""
    if text is not None and text not in STATUSES:
        raise BadInput(400, f"status must be one of {', '.join(STATUSES)}.")
    return text


def token(at: Place) -> str:
    """`at` as the opaque text that clients pass back as `after`."""
    return urlsafe_b64encode(f"{at.created_at.isoformat()} {at.id}".encode()).decode().rstrip("=")


def place(text: str) -> Place:
    """The inverse of `token`."""
    try:
        moment, key = urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().split(" ")
        created_at = datetime.fromisoformat(moment)
        if created_at.tzinfo is None:
            raise ValueError
        return Place(created_at, UUID(key))
    except ValueError:
        raise BadInput(400, "after is not a token that this list gave; start again without it.") from None
