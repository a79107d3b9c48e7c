"""Readiness: what is said about dependencies that answer, fail or hang."""

from __future__ import annotations

import asyncio

import pytest
from backend.domain.readiness import Answer, Readiness, ask, ask_all, reason_of, report


async def answers() -> None:
    """A dependency that is well."""


async def fails() -> None:
    raise ConnectionError("Connection refused by 10.0.0.7 for user app with password hunter2")


async def hangs() -> None:
    await asyncio.Event().wait()


def test_ready_only_when_every_dependency_is_ok() -> None:
    assert report({"a": Answer(True, 1.0), "b": Answer(True, 2.0)})["ready"] is True
    assert report({"a": Answer(True, 1.0), "b": Answer(False, 2.0, "gone")}) == {
        "ready": False,
        "dependencies": {"a": {"ok": True, "ms": 1.0}, "b": {"ok": False, "ms": 2.0, "reason": "gone"}},
    }


def test_a_failing_dependency_hides_no_other() -> None:
    told = asyncio.run(ask_all({"good": answers, "bad": fails}))
    assert (told["good"].ok, told["bad"].ok) == (True, False)


def test_a_hanging_dependency_is_given_up_at_the_deadline() -> None:
    assert asyncio.run(ask(hangs, 0.01)).reason == "no answer within 0.01 s"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Connection refused by 10.0.0.7 for user app with password hunter2", "connection refused"),
        ('FATAL:  password authentication failed for user "app"', "the credentials were refused"),
        ("WRONGPASS invalid username-password pair or user is disabled.", "the credentials were refused"),
        ('FATAL:  database "shop" does not exist', "the database or role does not exist"),
        ("FATAL:  the database system is starting up", "it is starting up"),
        ("An error occurred (404) when calling the HeadBucket operation: Not Found", "the bucket does not exist"),
        ("An error occurred (403) when calling the HeadBucket operation: Forbidden", "access to the bucket was denied"),
        ("hunter2", "failed with RuntimeError"),
    ],
)
def test_a_reason_is_one_of_a_fixed_list(text: str, reason: str) -> None:
    assert reason_of(RuntimeError(text)) == reason


def test_callers_during_a_round_share_it() -> None:
    async def count() -> int:
        started = 0
        release = asyncio.Event()

        async def slow() -> None:
            nonlocal started
            started += 1
            await release.wait()

        readiness = Readiness({"slow": slow})
        callers = [asyncio.create_task(readiness.answers()) for _ in range(20)]
        while not started:
            await asyncio.sleep(0)
        release.set()
        await asyncio.gather(*callers)
        return started

    assert asyncio.run(count()) == 1
