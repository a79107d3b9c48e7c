"""How a deployment ended, each end a type of its own. Done is what Dokploy calls done: one command returned 0."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from slipway.engine.dokploy.api.answers import Deployment, Job

KEPT = 10  # records of one service that the server keeps; it removes older ones with their logs


@dataclass(frozen=True)
class Ticket:
    """A deployment that was asked for. `before` are the ids of the records that the service had until then;
    `answered` is false where the answer was lost, and the deployment may or may not have been queued.
    """

    compose_id: str
    title: str
    before: frozenset[str]
    answered: bool = True


@dataclass(frozen=True)
class Waiting:
    """It is in the queue and has not begun."""


@dataclass(frozen=True)
class Running:
    deployment: Deployment


@dataclass(frozen=True)
class Done:
    """The command returned 0. Says nothing of health: an app that crashes all the time is done too."""

    deployment: Deployment


@dataclass(frozen=True)
class Failed:
    """The command failed; why stands in its log."""

    deployment: Deployment


@dataclass(frozen=True)
class Cancelled:
    """The record says cancelled, and the server answered each time it was asked: somebody stopped it, or a restart
    fell between two looks. What ran may still run, unwatched.
    """

    deployment: Deployment


@dataclass(frozen=True)
class Restarted:
    """The server was away meanwhile, and what it held in memory is gone. What ran then may still run, unwatched;
    `deployment` is None where it had only been queued.
    """

    deployment: Deployment | None


@dataclass(frozen=True)
class Lost:
    """Neither queued nor recorded, and the server answered each time: the queue was emptied, by hand or by a restart
    between two looks, or it never got there.
    """


@dataclass(frozen=True)
class Pruned:
    """Its record is gone as later ones came: how it ended cannot be known. `last` is how it was last seen."""

    last: Deployment | None


@dataclass(frozen=True)
class Unknown:
    """A status that this client does not know."""

    deployment: Deployment


Pending = Waiting | Running
Ended = Done | Failed | Cancelled | Restarted | Lost | Pruned | Unknown
BY_STATUS = {"running": Running, "done": Done, "error": Failed}


@dataclass(frozen=True)
class Sight:
    """All that was seen of a deployment so far. `absent` is true when it is neither queued nor recorded now;
    `away` whether the server did not answer some look.
    """

    ticket: Ticket
    records: tuple[Deployment, ...]
    queued: bool
    last: Deployment | None
    away: bool

    @property
    def found(self) -> Deployment | None:
        """Its record: by id once seen, as the title may be overwritten; until then by title, and no older one."""
        if self.last:
            return next((each for each in self.records if each.id == self.last.id), None)
        fresh = (each for each in self.records if each.id not in self.ticket.before)
        return next((each for each in fresh if each.title == self.ticket.title), None)

    @property
    def absent(self) -> bool:
        return not self.queued and self.found is None


def now(sight: Sight) -> Pending | Ended:
    """What the deployment is by what is seen. Pure. `Lost` and `Restarted` of one that is absent are for the caller
    to believe when they last: a record may appear a moment after its job left the queue.
    """
    found = sight.found
    if found:
        if found.status == "cancelled":
            return Restarted(found) if sight.away else Cancelled(found)
        return BY_STATUS.get(found.status, Unknown)(found)
    if sight.queued:
        return Waiting()
    if sight.last or crowded_out(sight):
        return Pruned(sight.last)
    return Restarted(None) if sight.away else Lost()


def crowded_out(sight: Sight) -> bool:
    """Whether as many records are newer than the ticket as the server keeps: then its own may have come and gone."""
    return len([each for each in sight.records if each.id not in sight.ticket.before]) >= KEPT


def queued(ticket: Ticket, jobs: Iterable[Job] | None) -> bool:
    """Whether the ticket's job is in the queue; where none is shown, it may be."""
    return jobs is None or any(each.compose_id == ticket.compose_id and each.title == ticket.title for each in jobs)
