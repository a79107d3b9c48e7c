"""Deploying: asked for under a title of its own, since the answer has no id, and followed to its real end."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace

from slipway.engine.dokploy.api import answers, outcomes
from slipway.engine.dokploy.api.answers import Deployment, Job, Service
from slipway.engine.dokploy.api.base import Base
from slipway.engine.dokploy.api.clock import REAL, Clock
from slipway.engine.dokploy.api.failures import Missing, TooOld, Unanswered, Unreachable
from slipway.engine.dokploy.api.outcomes import Ended, Pending, Sight, Ticket
from slipway.engine.dokploy.api.versions import UPGRADE

MOST_LINES = 10_000


@dataclass(frozen=True)
class Patience:
    """Seconds: until a deployment is left to itself, between two looks, until one that is nowhere counts as lost, and
    until a server that does not answer is given up.
    """

    deadline: float = 1800.0
    interval: float = 1.0
    lost: float = 15.0
    away: float = 120.0


class Deployments(Base):
    """The part of the client that deploys."""

    def deployments(self, service: Service) -> tuple[Deployment, ...]:
        """The records of a service, newest first; the server keeps about ten."""
        listed = self.rows_of("deployment.allByCompose", composeId=service.id)
        return tuple(answers.deployment(row, "deployment.allByCompose") for row in listed)

    def queue(self) -> tuple[Job, ...] | None:
        """The jobs in the server's memory; None for a version that does not show them."""
        try:
            listed = self.rows_of("deployment.queueList")
        except Missing:
            return None
        return tuple(answers.job(row, "deployment.queueList") for row in listed)

    def deploy(self, service: Service, label: str, description: str = "") -> Ticket:
        """Asks for a deployment, titled with the label and an id of its own; returns before it begins.

        An answer that is lost is no error here: following the ticket shows whether the server had heard.
        """
        before = frozenset(each.id for each in self.deployments(service))
        ticket = Ticket(service.id, f"{label} [{uuid.uuid4().hex[:12]}]", before)
        try:
            self.transport.post("compose.deploy", composeId=service.id, title=ticket.title, description=description)
        except Unanswered:
            return replace(ticket, answered=False)
        return ticket

    def follow(
        self,
        service: Service,
        ticket: Ticket,
        patience: Patience = Patience(),
        tell: Callable[[Pending | Ended], None] = lambda seen: None,
        clock: Clock = REAL,
    ) -> Pending | Ended:
        """Looks until the end is certain, and returns it; at the deadline what is pending still, which goes on.

        `tell` hears each new state. A server that is away is waited for; one that stays away raises the error of the
        last look, as does a key that is used up. Raises Missing where the service was deleted meanwhile.
        """
        watch = Watch(self, service, ticket, patience, clock)
        told: Pending | Ended | None = None
        while True:
            seen = watch.look()
            certain = seen is not None and watch.certain(seen)
            if seen is not None and seen != told and (certain or isinstance(seen, Pending)):
                told = seen
                tell(seen)
            if certain or clock.now() - watch.began >= patience.deadline:
                return told or outcomes.Waiting()
            clock.sleep(patience.interval)

    def log(self, deployment: Deployment, lines: int = 1000) -> tuple[str, ...]:
        """The last lines of its log, at most 10,000. Raises Missing once the server has removed it."""
        return tuple(self.text(deployment, lines).splitlines())

    def text(self, deployment: Deployment, lines: int = 1000) -> str:
        """The same as it is, by which one tells whether the last line is whole."""
        tail = max(1, min(lines, MOST_LINES))
        try:
            text = self.transport.get("deployment.readLogs", deploymentId=deployment.id, tail=tail)
        except Missing:
            if self.knows("deployment.readLogs"):
                raise
            raise TooOld(
                "Dokploy: log", f"version {self.version} has no deployment.readLogs", "a newer one", UPGRADE
            ) from None
        return text if isinstance(text, str) else ""

    def knows(self, procedure: str) -> bool:
        """Whether the server's own contract has a procedure: asked only where a 404 could mean either."""
        contract = self.transport.get("settings.getOpenApiDocument")
        return f"/{procedure}" in answers.take(contract, "paths", dict, "settings.getOpenApiDocument")


class Watch:
    """One deployment while it is followed."""

    def __init__(self, client: Deployments, service: Service, ticket: Ticket, patience: Patience, clock: Clock):
        self.client, self.service, self.patience, self.clock = client, service, patience, clock
        self.sight = Sight(ticket, (), ticket.answered, None, away=False)
        self.began = clock.now()
        self.absent_since: float | None = None
        self.away_since: float | None = None

    def look(self) -> Pending | Ended | None:
        """What is seen now; None while the server does not answer."""
        try:
            # The queue first: a job that ends between the two looks has its record by then.
            queued = outcomes.queued(self.sight.ticket, self.client.queue())
            records = self.client.deployments(self.service)
        except (Unreachable, Unanswered):
            self.sight = replace(self.sight, away=True)
            self.away_since = self.clock.now() if self.away_since is None else self.away_since
            if self.clock.now() - self.away_since >= self.patience.away:
                raise
            return None
        self.away_since = None
        self.sight = replace(self.sight, records=records, queued=queued)
        self.sight = replace(self.sight, last=self.sight.found or self.sight.last)
        return outcomes.now(self.sight)

    def certain(self, seen: Pending | Ended) -> bool:
        """Whether this is the end. One that is nowhere to be found is, when that has lasted."""
        if isinstance(seen, Pending):
            self.absent_since = None
            return False
        if not self.sight.absent or isinstance(seen, outcomes.Pruned):
            return True
        self.absent_since = self.clock.now() if self.absent_since is None else self.absent_since
        return self.clock.now() - self.absent_since >= self.patience.lost
