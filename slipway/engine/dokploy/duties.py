"""What a server of Dokploy does for a stack beside running it: the lock that all see, jobs by its clock, deploys from Git."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from slipway.engine import lock as holder
from slipway.engine.dokploy import clockwork, from_git, inside, lock
from slipway.engine.jobs import Job

if TYPE_CHECKING:
    from slipway.engine.dokploy.engine import OnDokploy


class Duties:
    """The part of the engine that is asked for these."""

    def follow_branch(self: OnDokploy, url: str, branch: str) -> bool:
        from_git.refuse_stale(self.root, self.stack, self.file)
        env = from_git.environment(self.stack, self.file, self.tags)
        return from_git.arrange(self.client, self.ensure(), self.stack, from_git.Tree(url, branch), env, self.marks())

    def install(self: OnDokploy, jobs: Sequence[Job]) -> Sequence[str]:
        return clockwork.install(self.client, self.service(), jobs)

    def run_job(self: OnDokploy, name: str, say: Callable[[str], None]) -> int:
        return clockwork.run(self.client, self.service(), name, say)

    @contextmanager
    def hold_lock(self: OnDokploy, doing: str, wait: float, flag: str) -> Iterator[Callable[[], None]]:
        service = self.ensure()
        with lock.hold_lock(lock.Tickets(self.client, service), self.stack.name, doing, wait, flag) as check:
            inside.sweep(self.client, service)
            yield check

    def holder(self: OnDokploy) -> holder.Holder | None:
        ticket = lock.Tickets(self.client, self.found).holder() if self.found else None
        return ticket.holder if ticket else None

    def unlock(self: OnDokploy) -> None:
        lock.Tickets(self.client, self.service()).clear()
