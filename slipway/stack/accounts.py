"""The user ids of the services whose image is ours.

None is below 10000, where an ordinary account of the host may be: whoever has the same id there reads a process's
environment in /proc, and may end it. The Dockerfiles under images/ name the same numbers.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Accounts:
    """User and group at once, for each."""

    objects: int = 10002
    ops: int = 10003
    gateway: int = 10004
    # What official images dictate; those that we build of the same name are interchangeable with them.
    official: int = 999


ACCOUNTS = Accounts()
