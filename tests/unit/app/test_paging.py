"""Pages of a list, newest first."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import pytest
from backend.domain.errors import BadQuery
from backend.domain.paging import Place, page, place, token

PLACE = Place(datetime(2026, 1, 5, 9, 10, 0, 123456, tzinfo=UTC), UUID(int=7))


@dataclass(frozen=True)
class Row:
    """A row of some list."""

    place: Place


def row(number: int) -> Row:
    return Row(Place(PLACE.created_at, UUID(int=number)))


def test_a_token_leads_back_to_its_place() -> None:
    assert place(token(PLACE)) == PLACE


def test_one_row_more_than_the_limit_makes_a_next_page_that_begins_after_the_last_one_shown() -> None:
    rows = [row(3), row(2), row(1)]
    shown = page(rows, 2)
    assert shown.items == rows[:2] and shown.next is not None and place(shown.next) == rows[1].place


@pytest.mark.parametrize("count", [0, 1, 2])
def test_the_last_page_has_no_next(count: int) -> None:
    assert page([row(n) for n in range(count)], 2).next is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "ä",
        "AAAA",
        urlsafe_b64encode(b"2026-01-05T09:10:00 " + str(UUID(int=7)).encode()).decode(),
        urlsafe_b64encode(b"2026-01-05T09:10:00+00:00 seven").decode(),
    ],
)
def test_a_foreign_token_is_refused(text: str) -> None:
    with pytest.raises(BadQuery, match="not a token"):
        place(text)
