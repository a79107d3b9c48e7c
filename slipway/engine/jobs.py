"""What a server does by itself, of engines that run on one: work on the data by its clock, deploys from Git."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True)
class Job:
    """A job of slipway.ops.job, and when it is done: five fields as cron has them, in UTC; empty: only when it is asked for."""

    name: str
    cron: str


@runtime_checkable
class FromGit(Protocol):
    """An engine whose server deploys by itself what a branch of a repository holds."""

    def follow_branch(self, url: str, branch: str) -> bool:
        """Has the server deploy that branch, whenever it is told to; whether anything was changed. Deploys nothing."""


@runtime_checkable
class Clockwork(Protocol):
    """An engine that has jobs done by the clock, where people see them with their logs."""

    def install(self, jobs: Sequence[Job]) -> Sequence[str]:
        """Has just these jobs done, each at its time; returns in words what was changed."""

    def run_job(self, name: str, say: Callable[[str], None]) -> int:
        """Does a job now, hands each line that it writes to `say`, and returns its exit code."""
