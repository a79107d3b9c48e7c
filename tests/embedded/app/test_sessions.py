"""Sessions in a real Redis: opened, refreshed, adopted, listed, ended, and who wins a race."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import redis

from tests.support import services
from tests.support.waiting import until

sys.path.insert(0, str(Path(__file__).parents[3] / "app"))

from backend.adapters.redis.sessions import Sessions, digest
from backend.domain.sessions import Client, Lives, Method, RefreshRefused, Refusal, Session

NOW = datetime(2026, 1, 2, 3, 4, 5, 678000, UTC)
USER, KEY = UUID("00000000-0000-4000-8000-000000000007"), b"k" * 32
LIVES = Lives(timedelta(hours=2), timedelta(hours=5))
PHONE = Client("Mozilla/5.0 (Phöne)", "2001:db8::1")
AMR = (Method("totp", NOW), Method("sso/saml", NOW - timedelta(minutes=1), "acme"))


def after(**time: float) -> datetime:
    return NOW + timedelta(**time)


def test_a_session_comes_back_as_it_was_opened(run, sessions) -> None:
    session, _ = run(sessions.open(USER, NOW + timedelta(microseconds=9), PHONE, AMR, "aal2"))
    assert session == Session(session.id, USER, NOW, NOW, LIVES, PHONE, "aal2", AMR)
    assert run(sessions.get(session.id, NOW)) == session
    assert run(sessions.get(uuid4(), NOW)) is None


def test_a_refresh_gives_the_session_and_a_token_that_is_good_once_more(run, sessions) -> None:
    session, first = run(sessions.open(USER, NOW))
    later, second = run(sessions.rotate(first, after(hours=1)))
    assert later == replace(session, refreshed_at=after(hours=1)) == run(sessions.get(session.id, after(hours=1)))
    third = run(sessions.rotate(second, after(hours=2)))[1]
    assert len({first, second, third}) == 3 and len(third) == 43


def test_two_tabs_get_the_same_child_within_the_interval(run, sessions) -> None:
    _, token = run(sessions.open(USER, NOW))
    session, child = run(sessions.rotate(token, NOW))
    assert run(sessions.rotate(token, after(seconds=9.999))) == (session, child)
    assert run(sessions.rotate(child, after(seconds=9.999)))[0].id == session.id


def test_a_used_token_ends_the_session_after_the_interval(run, sessions, refused) -> None:
    session, token = run(sessions.open(USER, NOW))
    child = run(sessions.rotate(token, NOW))[1]
    assert refused(token, after(seconds=10)) is Refusal.REUSED
    assert refused(child, after(seconds=10)) is refused(token, after(seconds=10)) is Refusal.REVOKED
    assert run(sessions.get(session.id, NOW)) is None and run(sessions.listed(USER, NOW)) == []


def test_an_older_token_ends_the_session_within_the_interval_too(run, sessions, refused) -> None:
    _, first = run(sessions.open(USER, NOW))
    second = run(sessions.rotate(first, NOW))[1]
    third = run(sessions.rotate(second, NOW))[1]
    assert refused(first, NOW) is Refusal.REUSED and refused(third, NOW) is Refusal.REVOKED


def test_a_session_ends_when_nobody_refreshes_it(run, sessions, refused) -> None:
    session, token = run(sessions.open(USER, NOW))
    assert refused(token, after(hours=2)) is Refusal.EXPIRED
    assert run(sessions.get(session.id, after(hours=2))) is None and run(sessions.listed(USER, after(hours=2))) == []
    assert run(sessions.rotate(token, after(hours=2, milliseconds=-1)))


def test_a_session_ends_however_often_it_is_refreshed(run, sessions, refused, keys) -> None:
    _, token = run(sessions.open(USER, NOW))
    for hour in (1, 2, 3, 4):
        token = run(sessions.rotate(token, after(hours=hour)))[1]
    assert max(keys().values()) <= 2 * 3_600_000
    assert keys()[f"refresh:{digest(token)}"] <= 3_600_000
    assert refused(token, after(hours=5)) is Refusal.EXPIRED


def test_redis_forgets_all_of_it_by_itself(run, client, prefix, keys) -> None:
    brief = Sessions(client, KEY, Lives(timedelta(milliseconds=300), timedelta(hours=1)), prefix=prefix)
    session, token = run(brief.open(USER, NOW))
    until(lambda: not keys(), "every key of the session is gone")
    assert run(brief.get(session.id, NOW)) is None and run(brief.listed(USER, NOW)) == []
    with pytest.raises(RefreshRefused) as refusal:
        run(brief.rotate(token, NOW))
    assert refusal.value.reason is Refusal.UNKNOWN


def test_a_short_session_does_not_take_the_list_of_a_long_one_with_it(run, client, prefix, keys) -> None:
    long, brief = (
        Sessions(client, KEY, Lives(life, life), prefix=prefix) for life in (LIVES.idle, timedelta(milliseconds=300))
    )
    kept = run(long.open(USER, NOW))[0]
    gone = run(brief.open(USER, NOW))[0]
    until(lambda: f"session:{gone.id}" not in keys(), "the short session is gone")
    assert run(long.listed(USER, NOW)) == [kept]


def test_the_list_forgets_what_redis_forgot(run, client, prefix, sessions) -> None:
    brief = Sessions(client, KEY, Lives(timedelta(milliseconds=1), LIVES.idle), prefix=prefix)
    kept = run(sessions.open(USER, NOW))[0]
    for _ in range(20):
        gone = run(brief.open(USER, NOW))[0]
    until(lambda: not run(client.exists(f"{prefix}session:{gone.id}")), "the last short session is gone")
    last = run(sessions.open(USER, after(seconds=1)))[0]
    assert run(client.zcard(f"{prefix}user:{USER}")) == 2
    assert run(sessions.listed(USER, after(seconds=1))) == [last, kept]


def test_all_sessions_are_ended_also_where_a_clock_is_ahead(run, sessions, refused) -> None:
    _, token = run(sessions.open(USER, NOW))
    run(sessions.open(USER, after(days=1)))
    assert run(sessions.revoke_all(USER)) == 2
    assert refused(token, NOW) is Refusal.REVOKED


def test_a_token_from_elsewhere_is_adopted_once(run, sessions, refused) -> None:
    session = Session(uuid4(), USER, after(hours=-4), after(hours=-1), LIVES, PHONE, amr=AMR)
    assert run(sessions.adopt(session, "q3vLw-8_dK2x", NOW))
    assert run(sessions.get(session.id, NOW)) == session
    assert not run(sessions.adopt(replace(session, id=uuid4()), "q3vLw-8_dK2x", NOW))
    assert not run(sessions.adopt(session, "another12345", NOW))
    assert refused("another12345", NOW) is Refusal.UNKNOWN
    child = run(sessions.rotate("q3vLw-8_dK2x", NOW))[1]
    assert not run(sessions.adopt(session, "q3vLw-8_dK2x", NOW))
    assert run(sessions.rotate(child, NOW))
    assert refused("q3vLw-8_dK2x", NOW) is Refusal.REUSED


def test_what_has_expired_elsewhere_is_not_adopted(run, sessions, keys) -> None:
    assert not run(sessions.adopt(Session(uuid4(), USER, after(hours=-5), NOW, LIVES), "t", NOW))
    assert keys() == {}


def test_sessions_are_listed_and_ended_one_by_one_or_together(run, sessions, refused) -> None:
    (one, first), (two, second), (three, _) = (run(sessions.open(USER, after(minutes=n))) for n in range(3))
    other = run(sessions.open(uuid4(), NOW))[0]
    one = run(sessions.rotate(first, after(minutes=5)))[0]
    assert run(sessions.listed(USER, after(minutes=5))) == [one, three, two]
    assert [run(sessions.revoke(two.id)) for _ in range(2)] == [True, False]
    assert not run(sessions.revoke(uuid4()))
    assert refused(second, after(minutes=5)) is Refusal.REVOKED
    assert run(sessions.revoke_all(USER, but=one.id)) == 1
    assert run(sessions.listed(USER, after(minutes=5))) == [one]
    assert [run(sessions.revoke_all(USER)) for _ in range(2)] == [1, 0]
    assert run(sessions.listed(USER, NOW)) == [] and run(sessions.get(other.id, NOW)) == other


def test_who_opens_more_and_more_sessions_keeps_the_last_hundred_and_leaves_nothing_behind(
    run, sessions, keys, refused
) -> None:
    opened = [run(sessions.open(USER, after(seconds=number))) for number in range(103)]
    assert [each.id for each in run(sessions.listed(USER, after(minutes=2)))] == [each.id for each, _ in opened[:2:-1]]
    assert refused(opened[2][1], after(minutes=2)) is Refusal.UNKNOWN
    assert run(sessions.rotate(opened[3][1], after(minutes=2)))
    assert run(sessions.count(after(minutes=2))) == 100
    assert len(keys()) == 2 * 100 + 2 + 1, "a session and its token each, two sets, and the token of the refresh"


def test_every_key_has_an_end_and_no_token_is_stored(run, sessions, keys, prefix, redis_port) -> None:
    session, first = run(sessions.open(USER, NOW, PHONE, AMR))
    second = run(sessions.rotate(first, NOW))[1]
    assert set(keys()) == {
        f"session:{session.id}",
        f"user:{USER}",
        "open",
        *(f"refresh:{digest(each)}" for each in (first, second)),
    }
    run(sessions.revoke(session.id))
    assert all(0 < life <= 2 * 3_600_000 for life in keys().values())
    # By a client of its own, which takes every value as the bytes that it is.
    with redis.Redis(port=redis_port, password=services.REDIS_PASSWORD) as store:
        dump = b"".join(store.dump(name) + name for name in store.keys(f"{prefix}*"))
    assert not any(secret.encode() in dump for secret in (first, second, KEY.decode()))
    assert b"2001:db8" not in dump, "a revoked session still knows its user's address"


@pytest.mark.parametrize("token", ["", "x", "\ud800", "\0", "*", "x" * 100_000, "session:"])
def test_any_other_text_is_unknown(refused, token: str) -> None:
    assert refused(token, NOW) is Refusal.UNKNOWN


def test_children_depend_on_the_key(run, client, prefix, sessions) -> None:
    _, token = run(sessions.open(USER, NOW))
    assert run(Sessions(client, b"j" * 32, LIVES, prefix=prefix).rotate(token, NOW))[1] != sessions._child(token)


def test_mistakes_in_the_settings_are_told(client) -> None:
    with pytest.raises(ValueError, match="31 bytes, expected at least 32"):
        Sessions(client, b"k" * 31)
    with pytest.raises(ValueError, match="zero or less"):
        Sessions(client, KEY, Lives(timedelta(0)))
    with pytest.raises(TypeError):
        asyncio.run(Sessions(client, KEY).open(USER, datetime(2026, 1, 1)))


def test_an_error_of_redis_passes_through(run, runner) -> None:
    from redis.asyncio import Redis
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff

    gone = Redis(port=services.free_port(), retry=Retry(NoBackoff(), 0))
    with pytest.raises(redis.ConnectionError):
        run(Sessions(gone, KEY).rotate("token", NOW))
    runner.run(gone.aclose())
