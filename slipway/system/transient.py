"""Failures that pass by themselves, by what servers call them, and how often each kind is tried again.

What is not in these tables is lasting: it is reported at once. A store's own words are beside its gate.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Retry:
    """How often a thing is tried, and the seconds before the second try, which double each time up to `longest`."""

    tries: int
    pause: float
    longest: float = 10.0

    def pauses(self) -> Iterator[float]:
        """Seconds before each further try, a fifth more or less by chance: two who collided part."""
        for number in range(self.tries - 1):
            yield min(self.pause * 2**number, self.longest) * random.uniform(0.8, 1.2)  # noqa: S311 (no secret)


# PostgreSQL, by SQLSTATE (postgresql.org/docs/current/errcodes-appendix.html).
DEADLOCK, NOT_SERIALIZABLE, LOCK_NOT_AVAILABLE = "40P01", "40001", "55P03"
# The server has taken everything back: the same transaction may be tried again.
TAKEN_BACK = frozenset({DEADLOCK, NOT_SERIALIZABLE, LOCK_NOT_AVAILABLE})
# The session is over, and whether its commit came through is not known: to be looked at, not repeated.
SESSION_OVER = frozenset({"57P01", "57P02", "57P03"})
# The server says so before there is a session, and libpq hands on its words alone.
NOT_LET_IN = re.compile(
    "the database system is (starting up|shutting down|in recovery mode|not yet accepting connections)"
    "|too many clients already|remaining connection slots are reserved|too many connections for (role|database)"
)
# Of S3 botocore knows them: SlowDown and its like, 500, 502, 503, 504, and connections that break (its "standard" mode).
# Registries, by what the docker command hands on of them.
REGISTRY = re.compile(
    "received unexpected HTTP status: (429|5[0-9][0-9])|toomanyrequests|unexpected status[^:]*: (429|5[0-9][0-9])"
    "|TLS handshake timeout|connection reset by peer|unexpected EOF|i/o timeout|Client.Timeout exceeded",
    re.IGNORECASE,
)

LOCKS = Retry(tries=5, pause=0.2)  # each has waited for MIGRATE_LOCK_TIMEOUT already
CONNECTING = Retry(tries=6, pause=0.25, longest=2)
STORE_TRIES = 3  # botocore pauses between them by itself, up to some seconds each
PULLS = Retry(tries=4, pause=2)


def is_session_over(sqlstate: str | None) -> bool:
    """Whether the server ended the session, or the way to it broke (class 08)."""
    return bool(sqlstate) and (sqlstate in SESSION_OVER or sqlstate.startswith("08"))


def again(
    work: Callable[[], T],
    passes: Callable[[Exception], str],
    retry: Retry,
    tell: Callable[[str], None] = lambda text: None,
) -> T:
    """What `work` returns; tried again while `passes` gives a reason for its error, which `tell` hears.

    An error without a reason, and the last one, are raised as they come.
    """
    for pause in retry.pauses():
        try:
            return work()
        except Exception as error:
            if not (reason := passes(error)):
                raise
            tell(f"{reason}; trying again")
        time.sleep(pause)
    return work()
