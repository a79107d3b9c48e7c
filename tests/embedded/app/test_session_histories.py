"""Random histories of sessions, compared with a model that remembers everything."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from tests.support import services
from tests.support.campaign import sized
from tests.support.fuzzing import fuzz

sys.path.insert(0, str(Path(__file__).parents[3] / "app"))

from backend.adapters.redis.sessions import Sessions
from backend.domain.sessions import Lives, RefreshRefused, Refusal, Session, alive

START = datetime(2026, 1, 1, tzinfo=UTC)
LIVES, REUSE = Lives(timedelta(minutes=30), timedelta(minutes=90)), timedelta(seconds=10)
USERS = [UUID(int=1), UUID(int=2)]
LIVES_OF_KEYS = """
local lives = redis.call('KEYS', ARGV[1])
for number, name in ipairs(lives) do lives[number] = redis.call('PTTL', name) end
return lives
"""
PICK = st.integers(0, 10_000)


@dataclass
class Known:
    """A session of the model, with every refresh token that it ever had."""

    session: Session
    tokens: list[str]
    rotated: datetime = field(default=START)
    revoked: bool = False


class Histories(RuleBasedStateMachine):
    """What clients do with tokens old and new, while the clock goes on."""

    port = 0

    def __init__(self) -> None:
        super().__init__()
        from redis.asyncio import Redis

        self.runner, self.now, self.known = asyncio.Runner(), START, list[Known]()
        self.prefix = f"history-{uuid4()}:"
        self.client = Redis(port=self.port, password=services.REDIS_PASSWORD, decode_responses=True)
        self.sessions = Sessions(self.client, b"k" * 32, LIVES, REUSE, self.prefix)

    def run(self, something: Any) -> Any:
        return self.runner.run(something)

    def teardown(self) -> None:
        for name in self.run(self.client.keys(f"{self.prefix}*")):
            self.run(self.client.delete(name))
        self.run(self.client.aclose())
        self.runner.close()

    def open_of(self, user: UUID) -> list[Session]:
        return [each.session for each in self.known if each.session.user_id == user and self.is_open(each)]

    def is_open(self, known: Known) -> bool:
        return not known.revoked and alive(known.session, self.now)

    @rule(user=st.sampled_from(USERS))
    def open(self, user: UUID) -> None:
        session, token = self.run(self.sessions.open(user, self.now))
        self.known.append(Known(session, [token]))

    @rule(user=st.sampled_from(USERS), age=st.integers(0, 100))
    def adopt(self, user: UUID, age: int) -> None:
        began = self.now - timedelta(minutes=age)
        known = Known(Session(uuid4(), user, began, began, LIVES), [uuid4().hex[:12]])
        assert self.run(self.sessions.adopt(known.session, known.tokens[0], self.now)) is self.is_open(known)
        if self.is_open(known):
            self.known.append(known)

    @rule(step=st.sampled_from([1, 5, 9, 10, 11, 60, 600, 1790, 1800]))
    def wait(self, step: int) -> None:
        self.now += timedelta(seconds=step)

    @precondition(lambda self: self.known)
    @rule(pick=PICK, back=st.sampled_from([1, 1, 1, 1, 2, 2, 3, 4]))
    def refresh(self, pick: int, back: int) -> None:
        known = self.known[pick % len(self.known)]
        token = known.tokens[-min(back, len(known.tokens))]
        expected = self.expected(known, token)
        try:
            session, child = self.run(self.sessions.rotate(token, self.now))
        except RefreshRefused as refusal:
            assert refusal.reason is expected
            known.revoked |= expected is Refusal.REUSED
            return
        assert expected is None
        if token == known.tokens[-1]:
            known.session, known.rotated = replace(known.session, refreshed_at=self.now), self.now
            assert child not in known.tokens
            known.tokens.append(child)
        assert (session, child) == (known.session, known.tokens[-1])

    def expected(self, known: Known, token: str) -> Refusal | None:
        if not alive(known.session, self.now):
            return Refusal.EXPIRED
        if known.revoked:
            return Refusal.REVOKED
        again = token in known.tokens[-2:] and self.now - known.rotated < REUSE
        return None if token == known.tokens[-1] or again else Refusal.REUSED

    @precondition(lambda self: self.known)
    @rule(pick=PICK)
    def revoke(self, pick: int) -> None:
        known = self.known[pick % len(self.known)]
        ended = self.run(self.sessions.revoke(known.session.id))
        if alive(known.session, self.now):  # Redis may still have an expired one: it forgets by its own clock
            assert ended is not known.revoked
        known.revoked = True

    @rule(user=st.sampled_from(USERS), pick=PICK, spare=st.booleans())
    def revoke_all(self, user: UUID, pick: int, spare: bool) -> None:
        mine = [each for each in self.known if each.session.user_id == user]
        but = mine[pick % len(mine)].session.id if mine and spare else None
        self.run(self.sessions.revoke_all(user, but))
        for each in mine:
            each.revoked |= each.session.id != but and self.is_open(each)

    @invariant()
    def what_is_open_is_listed(self) -> None:
        for user in USERS:
            listed = self.run(self.sessions.listed(user, self.now))
            assert sorted(listed, key=lambda each: each.id) == sorted(self.open_of(user), key=lambda each: each.id)

    @invariant()
    def what_is_open_is_counted(self) -> None:
        assert self.run(self.sessions.count(self.now)) == sum(self.is_open(each) for each in self.known)

    @invariant()
    def every_key_has_an_end(self) -> None:
        lives = self.run(self.client.eval(LIVES_OF_KEYS, 0, f"{self.prefix}*"))
        assert all(0 < life <= LIVES.idle / timedelta(milliseconds=1) for life in lives)


def test_any_history_is_as_the_model_says(redis_port: int) -> None:
    Histories.port = redis_port
    run_state_machine_as_test(Histories, settings=settings(fuzz(sized(30, 5_000)), stateful_step_count=40))
