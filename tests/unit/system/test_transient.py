"""Which failures are tried again, how often, and which are reported at once."""

from __future__ import annotations

import pytest

from slipway.data.postgres import connection
from slipway.system import transient


@pytest.mark.parametrize(
    ("retry", "sums"),
    [
        (transient.LOCKS, 3.0),
        (transient.CONNECTING, 6.0),
        (transient.PULLS, 14.0),
        (transient.Retry(3, 4, longest=5), 9.0),
    ],
)
def test_pauses_double_up_to_the_longest_and_are_one_less_than_the_tries(retry: transient.Retry, sums: float):
    pauses = list(retry.pauses())
    assert len(pauses) == retry.tries - 1 and 0.8 * sums <= sum(pauses) <= 1.2 * sums
    assert max(pauses) <= retry.longest * 1.2


class Fails:
    """Work that fails so many times first."""

    def __init__(self, times: int, error: Exception):
        self.times, self.error, self.tries = times, error, 0

    def __call__(self) -> str:
        self.tries += 1
        if self.tries <= self.times:
            raise self.error
        return "done"


FAST = transient.Retry(tries=4, pause=0.001)


@pytest.mark.parametrize(("times", "ends"), [(0, True), (1, True), (3, True), (4, False)])
def test_what_passes_is_tried_again_up_to_the_limit_and_each_time_said(times: int, ends: bool):
    work, said = Fails(times, ValueError("busy")), []
    if ends:
        assert transient.again(work, str, FAST, said.append) == "done"
    else:
        with pytest.raises(ValueError, match="busy"):
            transient.again(work, str, FAST, said.append)
    assert work.tries == min(times + 1, FAST.tries) and said == ["busy; trying again"] * (work.tries - 1)


def test_what_lasts_is_reported_at_once():
    work = Fails(1, ValueError("wrong password"))
    with pytest.raises(ValueError, match="wrong"):
        transient.again(work, lambda error: "", FAST)
    assert work.tries == 1


@pytest.mark.parametrize(
    ("said", "passes"),
    [
        ("connection failed: FATAL:  the database system is starting up", True),
        ("FATAL:  the database system is in recovery mode", True),
        ("FATAL:  the database system is shutting down", True),
        ("FATAL:  sorry, too many clients already", True),
        ("FATAL:  remaining connection slots are reserved for roles with the SUPERUSER attribute", True),
        ('FATAL:  too many connections for role "shop_app"', True),
        ('FATAL:  password authentication failed for user "shop_app"', False),
        ('FATAL:  database "shop" does not exist', False),
        ("connection refused", False),
    ],
)
def test_a_server_that_lets_nobody_in_for_the_moment_is_told_from_one_that_refuses(said: str, passes: bool):
    assert bool(connection.not_let_in(OSError(said))) is passes


@pytest.mark.parametrize(
    ("code", "over"),
    [
        ("57P01", True),
        ("57P02", True),
        ("57P03", True),
        ("08006", True),
        ("08000", True),
        ("57014", False),
        ("40P01", False),
        (None, False),
    ],
)
def test_a_session_that_is_over_is_told_by_its_code(code: str | None, over: bool):
    assert transient.is_session_over(code) is over


@pytest.mark.parametrize(
    ("said", "passes"),
    [
        ("Error response from daemon: received unexpected HTTP status: 503 Service Unavailable", True),
        ("Error response from daemon: received unexpected HTTP status: 500 Internal Server Error", True),
        ("toomanyrequests: You have reached your pull rate limit", True),
        ("net/http: TLS handshake timeout", True),
        ("read tcp 10.0.0.1:1->10.0.0.2:443: read: connection reset by peer", True),
        ("received unexpected HTTP status: 404 Not Found", False),
        ("pull access denied for a, repository does not exist", False),
        ("no space left on device", False),
    ],
)
def test_a_registry_that_fails_for_a_moment_is_told_from_one_that_refuses(said: str, passes: bool):
    assert bool(transient.REGISTRY.search(said)) is passes
