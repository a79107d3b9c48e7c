"""Writes that are kept while the database is away, and carried out when it is back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from backend.domain.callers import Caller
from backend.domain.requests import RequestKey
from backend.domain.tasks import NewTask

LONGEST = 10_000  # writes that are kept at most
LARGEST = 64 * 2**20  # bytes of all that are kept at most


@dataclass(frozen=True)
class KeptTask:
    """A task that is to be made, in the name of a caller whose token was good when it came. Its id is chosen already,
    so that to carry it out twice makes it once."""

    id: UUID
    caller: Caller
    task: NewTask
    key: RequestKey | None
    accepted_at: datetime


@dataclass(frozen=True)
class Fill:
    """How full the buffer is; `refused` are writes that the database did not take when they were carried out."""

    waiting: int
    bytes: int
    refused: int

    @property
    def full(self) -> bool:
        """Whether no further write is taken."""
        return self.waiting >= LONGEST or self.bytes >= LARGEST
