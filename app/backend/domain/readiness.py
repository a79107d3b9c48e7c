"""Readiness: every dependency checked at once, each within a deadline. Pure: standard library only."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

DEADLINE = 2.0  # seconds that one dependency has to answer

Check = Callable[[], Awaitable[None]]  # returns when the dependency answered, raises when it did not

# What client libraries say, and what is published instead: their own texts can quote users, hosts and parts of URLs.
REASONS = (
    ("password authentication failed", "the credentials were refused"),
    ("no password supplied", "the credentials were refused"),
    ("wrongpass", "the credentials were refused"),
    ("noauth", "the credentials were refused"),
    ("authentication required", "the credentials were refused"),
    ("invalid username-password pair", "the credentials were refused"),
    ("too many c", "it has no connection left"),
    ("remaining connection slots", "it has no connection left"),
    ("max number of clients", "it has no connection left"),
    ("starting up", "it is starting up"),
    ("loading the dataset", "it is starting up"),
    ("shutting down", "it is shutting down"),
    ("terminating connection", "it is shutting down"),
    ("(403)", "access to the bucket was denied"),
    ("(404)", "the bucket does not exist"),
    ("does not exist", "the database or role does not exist"),
    ("name or service not known", "the host name is not known"),
    ("name resolution", "the host name is not known"),
    ("failed to resolve", "the host name is not known"),
    ("no address associated", "the host name is not known"),
    ("connection refused", "connection refused"),
    ("connect call failed", "connection refused"),
    ("could not connect to the endpoint", "could not connect"),
    ("connection was closed", "it closed the connection"),
    ("closed by server", "it closed the connection"),
    ("closed the connection", "it closed the connection"),
    ("timed out", "no answer in time"),
    ("timeout", "no answer in time"),
)


@dataclass(frozen=True)
class Answer:
    """What one dependency answered; `ms` is how long it took, `reason` why it is not ok."""

    ok: bool
    ms: float
    reason: str | None = None


def reason_of(error: BaseException) -> str:
    """A short cause from a fixed list, or the error's type: never text of the error, which may hold a secret."""
    text = f"{error} {error.__cause__ or ''}".lower()
    return next((said for found, said in REASONS if found in text), f"failed with {type(error).__name__}")


async def ask(check: Check, deadline: float = DEADLINE) -> Answer:
    """Run one check for at most `deadline` seconds; never raises for a failing dependency."""
    started = time.perf_counter()
    try:
        await asyncio.wait_for(check(), deadline)
    except TimeoutError:
        return Answer(False, elapsed_ms(started), f"no answer within {deadline:g} s")
    except Exception as error:  # any failure of a dependency is an answer
        return Answer(False, elapsed_ms(started), reason_of(error))
    return Answer(True, elapsed_ms(started))


def elapsed_ms(started: float) -> float:
    """Milliseconds since `started` (of time.perf_counter), to a tenth."""
    return round((time.perf_counter() - started) * 1000, 1)


async def ask_all(checks: Mapping[str, Check], deadline: float = DEADLINE) -> dict[str, Answer]:
    """The answers of all checks, asked side by side."""
    answers = await asyncio.gather(*(ask(check, deadline) for check in checks.values()))
    return dict(zip(checks, answers, strict=True))


def report(answers: Mapping[str, Answer]) -> dict[str, Any]:
    """The body of GET /ready."""
    return {
        "ready": all(answer.ok for answer in answers.values()),
        "dependencies": {name: described(answer) for name, answer in answers.items()},
    }


def described(answer: Answer) -> dict[str, Any]:
    """One dependency in the body of GET /ready."""
    if answer.ok:
        return {"ok": True, "ms": answer.ms}
    return {"ok": False, "ms": answer.ms, "reason": answer.reason}


class Readiness:
    """One round of checks at a time: callers that come during a round share its answer, so that a flood of
    GET /ready opens one Postgres connection and not one for each call."""

    def __init__(self, checks: Mapping[str, Check]) -> None:
        self._checks = checks
        self._round: asyncio.Task[dict[str, Answer]] | None = None

    async def answers(self) -> dict[str, Answer]:
        """The answers of the round that is running, or of a new one."""
        if self._round is None or self._round.done():
            self._round = asyncio.create_task(ask_all(self._checks))
        return await asyncio.shield(self._round)
