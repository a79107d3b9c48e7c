"""Pages of the tasks list."""

from __future__ import annotations

import sys
from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

sys.path.insert(0, str(Path(__file__).parents[3] / "app"))

from backend.paging import Page, Place, page, token
from backend.task_input import BadInput

PLACE = Place(datetime(2026, 1, 5, 9, 10, 0, 123456, tzinfo=UTC), UUID(int=7))


def test_without_a_query_the_first_page_of_twenty() -> None:
    assert page({}) == Page(20, None, None)


def test_a_token_leads_back_to_its_place() -> None:
    assert page({"after": token(PLACE)}).after == PLACE


@pytest.mark.parametrize("limit", ["0", "101", "-1", "ten", "", "1e1", "²", "9999"])
def test_a_limit_out_of_range_is_refused(limit: str) -> None:
    with pytest.raises(BadInput, match="from 1 to 100") as refusal:
        page({"limit": limit})
    assert refusal.value.status == 400


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
    with pytest.raises(BadInput, match="not a token") as refusal:
        page({"after": text})
    assert refusal.value.status == 400


def test_an_unknown_parameter_is_refused_and_not_ignored() -> None:
    with pytest.raises(BadInput, match="Unknown query parameter 'stats'"):
        page({"stats": "done"})


def test_an_unknown_status_is_refused() -> None:
    with pytest.raises(BadInput, match="status must be one of"):
        page({"status": "finished"})
