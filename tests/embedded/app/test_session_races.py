"""Sessions in a real Redis that several ask at once: which of them wins is decided in Redis."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

sys.path.insert(0, str(Path(__file__).parents[3] / "app"))

from backend.adapters.redis.sessions import Sessions
from backend.domain.sessions import RefreshRefused, Session

NOW, USER, KEY = datetime(2026, 1, 2, tzinfo=UTC), uuid4(), b"k" * 32


def test_of_twenty_refreshes_at_once_all_get_the_one_child(run, sessions, refused) -> None:
    _, token = run(sessions.open(USER, NOW))

    async def race() -> list[tuple[Session, str]]:
        return await asyncio.gather(*(sessions.rotate(token, NOW) for _ in range(20)))

    results = run(race())
    assert len({child for _, child in results}) == 1
    assert run(sessions.rotate(results[0][1], NOW))


def test_of_twenty_refreshes_without_an_interval_one_gets_a_child(run, client, prefix) -> None:
    strict = Sessions(client, KEY, reuse=timedelta(0), prefix=prefix)
    _, token = run(strict.open(USER, NOW))

    async def race() -> list[Any]:
        return await asyncio.gather(*(strict.rotate(token, NOW) for _ in range(20)), return_exceptions=True)

    reasons = [each.reason for each in run(race()) if isinstance(each, RefreshRefused)]
    assert sorted(reason.value for reason in reasons) == ["reused"] + ["revoked"] * 18


def test_a_session_that_is_ended_while_it_is_refreshed_stays_ended(run, sessions) -> None:
    async def race() -> None:
        opened = [await sessions.open(USER, NOW) for _ in range(20)]
        refreshes = [sessions.rotate(token, NOW) for _, token in opened]
        await asyncio.gather(*refreshes[:10], sessions.revoke_all(USER), *refreshes[10:], return_exceptions=True)

    run(race())
    assert run(sessions.listed(USER, NOW)) == []


def test_a_token_that_two_imports_bring_is_adopted_by_one(run, sessions) -> None:
    async def race() -> list[bool]:
        brought = [Session(uuid4(), USER, NOW, NOW) for _ in range(20)]
        return await asyncio.gather(*(sessions.adopt(each, "q3vLw-8_dK2x", NOW) for each in brought))

    assert run(race()).count(True) == 1
    assert len(run(sessions.listed(USER, NOW))) == 1
