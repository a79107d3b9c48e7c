"""The lock of a stack on a server of Dokploy: tickets among the schedules of its service, which all who deploy there see.

Dokploy has nothing that only one can make. So each who wants the lock draws a number, and the lowest holds it: Lamport's
bakery algorithm (CACM 17, 1974), which needs no more than that what was written is seen by those who read later. A ticket
is a schedule that is off and does nothing. Its holder renews it; one that is not renewed is removed by whoever meets it.
Until it is removed it counts, so that all agree on who is first; and whoever enters sees its own ticket there as it does,
so that nobody enters by one that others have removed. Times are the server's.
"""

from __future__ import annotations

import json
import math
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
from slipway.engine.dokploy.api.failures import DokployError, Missing
from slipway.engine.lock import Holder

NAME = "slipway lock"
NEVER = "0 0 1 1 *"
HEARTBEAT = 10.0  # seconds
LEASE = 60.0  # seconds without a heartbeat after which a ticket counts no more
POLL = 0.5
DRAWS = 5  # as often as somebody may type unlock in the same moment
GONE = (
    f"Dokploy: {NAME}",
    "the ticket is not among the schedules that were read back",
    "a schedule that stays",
    "type the same command again",
)
FIELDS = {"name": NAME, "cronExpression": NEVER}


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
        fields = json.loads(str(row["command"]).removeprefix("# "))
        number, until = int(fields["number"]), float(fields["until"])
        if number < 0 or not math.isfinite(until):
            return None
        who = {str(key): str(value) for key, value in fields["holder"].items()}
        return Ticket(str(row["scheduleId"]), str(fields["token"]), number, until, Holder(**who))
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return None


class Removed(DokployError):
    """A ticket that somebody removed while it was drawn."""


class Tickets:
    """The tickets of one service."""

    def __init__(self, client: Dokploy, service: Service, clock: Callable[[], float] = time.time):
        self.client, self.service, self.clock = client, service, clock

    def now(self) -> float:
        return self.clock() + self.client.transport.ahead

    def all(self) -> list[Ticket]:
        """Every ticket that is there, late ones too, the first in turn first."""
        rows = [row for row in self.client.schedule_rows(self.service) if row.get("name") == NAME]
        found = [ticket for row in rows if (ticket := parse(row))]
        return sorted(found, key=lambda each: (each.number, each.token))

    def alive(self) -> list[Ticket]:
        """Those that count, the first in turn first; late ones are removed, and count as long as they cannot be."""
        return [each for each in self.all() if not (each.until < self.now() and self.is_removed(each))]

    def is_removed(self, ticket: Ticket) -> bool:
        try:
            self.remove(ticket)
        except DokployError:
            return False
        return True

    def draw(self, doing: str) -> Ticket:
        """A ticket with a number that is higher than all that were there. Leaves none where it fails.

        One that `unlock` removes while it is drawn is drawn again.
        """
        for _ in range(DRAWS):
            with suppress(Removed):
                return self.draw_once(doing)
        raise DokployError(*GONE)

    def draw_once(self, doing: str) -> Ticket:
        """The same; raises Removed where somebody has removed the ticket meanwhile."""
        ticket = Ticket("", uuid.uuid4().hex, 0, self.now() + LEASE, holder.me(doing))
        try:
            self.client.transport.post(
                "schedule.create",
                scheduleType="compose",
                composeId=self.service.id,
                command=ticket.command(),
                **FIELDS | {"enabled": False, "shellType": "sh", "serviceName": "ops"},
            )
            there = self.alive()
            mine = next((each for each in there if each.token == ticket.token), None)
            if not mine:
                raise Removed(*GONE)
            return self.number(mine, 1 + max(each.number for each in there))
        except BaseException:
            # Others would wait for its number.
            with suppress(DokployError):
                self.withdraw(ticket)
            raise

    def number(self, ticket: Ticket, number: int) -> Ticket:
        try:
            return self.write(replace(ticket, number=number))
        except Missing:
            raise Removed(*GONE) from None

    def withdraw(self, ticket: Ticket) -> None:
        """Removes a ticket whose id may not be known yet."""
        for each in self.all():
            if each.token == ticket.token:
                self.remove(each)

    def write(self, ticket: Ticket) -> Ticket:
        """The ticket renewed. Raises Missing for one that somebody has removed."""
        renewed = replace(ticket, until=self.now() + LEASE)
        # An answer that takes longer is of no use: the next try has to come before the lease ends.
        self.client.transport.post(
            "schedule.update", within=HEARTBEAT, scheduleId=ticket.id, command=renewed.command(), **FIELDS
        )
        return renewed

    def remove(self, ticket: Ticket) -> None:
        with suppress(Missing):
            self.client.transport.post("schedule.delete", scheduleId=ticket.id)

    def clear(self) -> None:
        """Removes every ticket that is there, the holder's last.

        Whoever waits draws another meanwhile. In the other order it would be let in by a ticket that is the next to go:
        also one whose number is only drawn, so that it has the lowest of all.
        """
        there = self.all()
        drawing = [each for each in there if not each.number]
        numbered = [each for each in there if each.number]
        for each in (*drawing, *reversed(numbered)):
            self.remove(each)

    def holder(self) -> Ticket | None:
        """Whoever has the lowest number. Only looks."""
        return next((each for each in self.all() if each.number and each.until >= self.now()), None)


@contextmanager
def hold_lock(tickets: Tickets, stack: str, doing: str, wait: float, flag: str) -> Iterator[Callable[[], None]]:
    """Holds the lock while the block runs. Raises LockHeld, naming the holder, after `wait` seconds.

    What it gives raises LockLost when the lock is not held any more.
    """
    ticket = take_turn(tickets, stack, doing, time.monotonic() + wait, flag)
    over = threading.Event()
    try:
        beat = threading.Thread(target=keep, args=(tickets, ticket, over), daemon=True)
        beat.start()
        yield partial(check, tickets, ticket, stack)
    finally:
        over.set()
        # A server that does not hear it hears no heartbeat either: the lock lets go by itself.
        with suppress(DokployError):
            tickets.remove(ticket)


def take_turn(tickets: Tickets, stack: str, doing: str, deadline: float, flag: str) -> Ticket:
    """Draws a ticket and waits until no other comes first. One whose number is being drawn is waited for: it may be lower.

    One that is removed meanwhile, by `unlock` or because its process slept too long, is drawn anew: at the end of the line.
    """
    ticket = tickets.draw(doing)
    try:
        patience = time.monotonic() + LEASE
        while True:
            there = tickets.alive()
            others = [each for each in there if each.token != ticket.token]
            drawing = [each for each in others if not each.number]
            first = [each for each in others if each.number and each.before(ticket)]
            here = len(others) < len(there)
            if here and not (drawing or first):
                return ticket
            if (first and time.monotonic() >= deadline) or (others and time.monotonic() >= max(deadline, patience)):
                raise holder.held_error(stack, (first or drawing or others)[0].holder, flag)
            ticket = wait_on(tickets, ticket, here, doing)
    except BaseException:
        with suppress(DokployError):
            tickets.remove(ticket)
        raise


def wait_on(tickets: Tickets, ticket: Ticket, here: bool, doing: str) -> Ticket:
    """The ticket after a while, renewed; another where it is gone."""
    if not here:
        return tickets.draw(doing)
    time.sleep(POLL)
    try:
        return tickets.write(ticket)
    except Missing:
        return tickets.draw(doing)


def check(tickets: Tickets, ticket: Ticket, stack: str) -> None:
    """Raises LockLost unless the ticket is there still."""
    if not any(each.token == ticket.token for each in tickets.alive()):
        raise holder.lost_error(stack)


def keep(tickets: Tickets, ticket: Ticket, over: threading.Event) -> None:
    """Renews a ticket, at once and then until it is over; while the server does not answer it is tried again."""
    while True:
        with suppress(DokployError):
            # Not one that somebody has removed: an update of it is refused.
            tickets.write(ticket)
        if over.wait(HEARTBEAT):
            return
