"""The lock of a stack on a server of Dokploy: tickets among the schedules of its service, which all who deploy there see.

Dokploy has nothing that only one can make. So each who wants the lock draws a number, and the lowest holds it: Lamport's
bakery algorithm (CACM 17, 1974), which needs no more than that what was written is seen by those who read later. A ticket
is a schedule that is off and does nothing. Its holder renews it; one that is not renewed counts no more. Times are the
server's.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from functools import partial

from slipway.engine import lock as holder
from slipway.engine.dokploy.api.answers import Service
from slipway.engine.dokploy.api.client import Dokploy
from slipway.engine.dokploy.api.failures import DokployError
from slipway.engine.lock import Holder

NAME = "slipway lock"
NEVER = "0 0 1 1 *"
HEARTBEAT = 10.0  # seconds
LEASE = 60.0  # seconds without a heartbeat after which a ticket counts no more
POLL = 0.5


@dataclass(frozen=True)
class Ticket:
    """One who wants the lock: its number, 0 while it is drawn; `until` by the server's clock."""

    id: str
    token: str
    number: int
    until: float
    holder: Holder

    def before(self, other: Ticket) -> bool:
        return (self.number, self.token) < (other.number, other.token)

    def command(self) -> str:
        """A shell's comment: whoever runs it by hand does nothing."""
        fields = {"token": self.token, "number": self.number, "until": self.until, "holder": asdict(self.holder)}
        return f"# {json.dumps(fields)}"


def parse(row: dict) -> Ticket | None:
    """The ticket that a schedule is, if it is one."""
    try:
        fields = json.loads(str(row.get("command", "")).removeprefix("# "))
        return Ticket(
            row["scheduleId"],
            fields["token"],
            int(fields["number"]),
            float(fields["until"]),
            Holder(**fields["holder"]),
        )
    except (ValueError, KeyError, TypeError):
        return None


class Tickets:
    """The tickets of one service."""

    def __init__(self, client: Dokploy, service: Service):
        self.client, self.service = client, service

    def now(self) -> float:
        return time.time() + self.client.transport.ahead

    def alive(self) -> list[Ticket]:
        """Those that count, the first in turn first; others are removed."""
        rows = [row for row in self.client.schedule_rows(self.service) if row.get("name") == NAME]
        found = [ticket for row in rows if (ticket := parse(row))]
        for each in found:
            if each.until < self.now():
                self.remove(each)
        return sorted((each for each in found if each.until >= self.now()), key=lambda each: (each.number, each.token))

    def draw(self, doing: str) -> Ticket:
        """A ticket with a number that is higher than all that were there."""
        ticket = Ticket("", uuid.uuid4().hex, 0, self.now() + LEASE, holder.me(doing))
        fields = {"name": NAME, "cronExpression": NEVER, "enabled": False, "shellType": "sh", "serviceName": "ops"}
        self.client.transport.post(
            "schedule.create",
            scheduleType="compose",
            composeId=self.service.id,
            command=ticket.command(),
            **fields,
        )
        there = self.alive()
        mine = next((each for each in there if each.token == ticket.token), None)
        if not mine:
            raise lost(self.service)
        return self.write(replace(mine, number=1 + max(each.number for each in there)))

    def write(self, ticket: Ticket) -> Ticket:
        """The ticket renewed."""
        renewed = replace(ticket, until=self.now() + LEASE)
        self.client.transport.post(
            "schedule.update", scheduleId=ticket.id, name=NAME, cronExpression=NEVER, command=renewed.command()
        )
        return renewed

    def remove(self, ticket: Ticket) -> None:
        # Somebody else may have removed it.
        with suppress(DokployError):
            self.client.transport.post("schedule.delete", scheduleId=ticket.id)

    def holder(self) -> Ticket | None:
        """Whoever has the lowest number, unless one that is being drawn could be lower."""
        there = self.alive()
        return there[0] if there and there[0].number else None


@contextmanager
def hold_lock(tickets: Tickets, stack: str, doing: str, wait: float, flag: str) -> Iterator[Callable[[], None]]:
    """Holds the lock while the block runs. Raises LockHeld, naming the holder, after `wait` seconds.

    What it gives raises LockLost when the lock is not held any more.
    """
    ticket = tickets.draw(doing)
    over = threading.Event()
    try:
        take_turn(tickets, ticket, stack, time.monotonic() + wait, flag)
        beat = threading.Thread(target=keep, args=(tickets, ticket, over), daemon=True)
        beat.start()
        yield partial(check, tickets, ticket, stack)
    finally:
        over.set()
        tickets.remove(ticket)


def take_turn(tickets: Tickets, ticket: Ticket, stack: str, deadline: float, flag: str) -> None:
    """Waits until no other ticket comes first. One whose number is being drawn is waited for: it may be lower."""
    patience = time.monotonic() + LEASE
    while True:
        others = [each for each in tickets.alive() if each.token != ticket.token]
        drawing = [each for each in others if not each.number]
        first = [each for each in others if each.number and each.before(ticket)]
        if not (drawing or first):
            return
        if (first and time.monotonic() >= deadline) or time.monotonic() >= max(deadline, patience):
            raise holder.held_error(stack, (first or drawing)[0].holder, flag)
        time.sleep(POLL)
        ticket = tickets.write(ticket)


def check(tickets: Tickets, ticket: Ticket, stack: str) -> None:
    """Raises LockLost unless the ticket is there still."""
    if not any(each.token == ticket.token for each in tickets.alive()):
        raise holder.lost_error(stack)


def keep(tickets: Tickets, ticket: Ticket, over: threading.Event) -> None:
    """Renews a ticket until it is over; while the server does not answer it is tried again."""
    while not over.wait(HEARTBEAT):
        with suppress(DokployError):
            # Not one that somebody has removed: an update of it is refused.
            tickets.write(ticket)


def lost(service: Service) -> DokployError:
    return DokployError(
        f"Dokploy: {NAME}",
        "the ticket is not among the schedules that were read back",
        "a schedule that stays",
        "type the same command again",
    )
