"""The lock among a service's schedules: never two inside, whoever is killed, late, cut off or removed by hand."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace

import pytest

from slipway.engine.dokploy import lock
from slipway.engine.dokploy.api import failures, transport
from slipway.engine.dokploy.api.answers import Service
from slipway.engine.dokploy.api.client import Dokploy, connect
from slipway.engine.dokploy.lock import LEASE, Tickets, hold_lock
from slipway.errors import LockHeld, LockLost
from slipway.system.redact import Secret
from tests.support.campaign import sized
from tests.support.dokploy.server import Fault, Server
from tests.support.waiting import PATIENCE, until

TURNS = sized(2, 50)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "POLL", 0.01)


@pytest.fixture
def service(client: Dokploy) -> Service:
    return client.ensure("p", "production", "shop")


@pytest.fixture
def tickets(client: Dokploy, service: Service) -> Tickets:
    return Tickets(client, service)


@contextmanager
def held(tickets: Tickets, doing: str = "deploy", wait: float = 0.0) -> Iterator:
    with hold_lock(tickets, "shop", doing, wait, " --on production") as check:
        yield check


def another(fake: Server, service: Service, late: float = 0.0) -> Tickets:
    """Somebody else's, whose clock is ahead by so many seconds."""
    return Tickets(connect(fake.url, Secret(fake.key())), service, lambda: time.time() + late)


def rows(fake: Server) -> list[dict]:
    return [each for each in fake.state.schedules.values() if each["name"] == lock.NAME]


class Room:
    """Counts who is inside."""

    def __init__(self) -> None:
        self.inside, self.most, self.entries = 0, 0, 0
        self.guard = threading.Lock()

    def enter(self, check, often: int) -> None:
        with self.guard:
            self.inside += 1
            self.most, self.entries = max(self.most, self.inside), self.entries + 1
        for _ in range(often):
            check()
        with self.guard:
            self.inside -= 1


def test_many_that_draw_at_once_are_inside_one_after_the_other(fake, service):
    room, start = Room(), threading.Barrier(8)

    def work(number: int) -> None:
        own = another(fake, service)
        start.wait()
        for _ in range(TURNS):
            with held(own, str(number), PATIENCE) as check:
                room.enter(check, 2)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert (room.most, room.entries) == (1, 8 * TURNS) and not rows(fake)


def test_who_does_not_wait_hears_who_holds_it_and_leaves_no_ticket(fake, service, tickets):
    with held(tickets, "deploy of n1"):
        with pytest.raises(LockHeld, match="deploy of n1") as caught:
            with held(another(fake, service)):
                pass
        assert "./invoke unlock --on production" in caught.value.next
        assert tickets.holder().holder.doing == "deploy of n1" and len(rows(fake)) == 1
    assert tickets.holder() is None and not rows(fake)


def test_the_lock_of_one_who_was_killed_lets_go_after_its_lease(fake, service, tickets):
    tickets.draw("killed")
    with pytest.raises(LockHeld), held(another(fake, service, LEASE - 10)):
        pass
    with held(another(fake, service, LEASE + 10)):
        assert len(rows(fake)) == 1


def test_one_that_was_killed_while_it_drew_does_not_stop_the_others_for_longer(fake, service, tickets):
    drawn = tickets.draw("killed")
    tickets.write(replace(drawn, number=0))
    late = another(fake, service, LEASE + 10)
    with held(late):
        assert late.holder().holder.doing == "deploy"


def test_a_late_ticket_counts_until_it_is_removed_so_that_all_agree_on_who_is_first(fake, service, tickets):
    slept = tickets.draw("slept")
    late = another(fake, service, LEASE + 10)
    fake.faults += [Fault("before", "schedule.delete")] * 2
    with pytest.raises(LockHeld), held(late):
        pass
    tickets.write(slept)  # it wakes up, and is first still
    with pytest.raises(LockHeld, match="slept"), held(another(fake, service)):
        pass


def test_one_that_slept_over_its_turn_does_not_enter_by_a_ticket_that_others_removed(
    fake, service, tickets, monkeypatch
):
    draw = Tickets.draw
    inside: list = []

    def slow(self: Tickets, doing: str) -> lock.Ticket:
        mine = draw(self, doing)
        if doing == "slept" and not inside:
            inside.append(held(another(fake, service, LEASE + 10)))
            inside[0].__enter__()
        return mine

    monkeypatch.setattr(Tickets, "draw", slow)
    with pytest.raises(LockHeld), held(tickets, "slept"):
        pass
    inside[0].__exit__(None, None, None)


def test_unlock_while_one_waits_lets_it_in(fake, service, tickets):
    mine = tickets.draw("killed")
    with ThreadPoolExecutor(1) as pool:

        def wait() -> int:
            with held(another(fake, service), wait=PATIENCE) as check:
                check()
                return len(rows(fake))

        waiting = pool.submit(wait)
        until(lambda: len(rows(fake)) == 2, "it waits")
        tickets.clear()
        assert waiting.result(PATIENCE) == 1
    assert mine.id not in fake.state.schedules


def test_unlock_removes_the_holder_last_also_after_one_whose_number_is_only_drawn(fake, service, tickets, monkeypatch):
    holder, waiting = tickets.draw("holds"), another(fake, service).draw("waits")
    with monkeypatch.context() as patch:
        patch.setattr(Tickets, "number", lambda self, ticket, number: ticket)
        drawing = another(fake, service).draw("draws")
    removed: list[str] = []
    remove = Tickets.remove
    monkeypatch.setattr(Tickets, "remove", lambda self, ticket: removed.append(ticket.id) or remove(self, ticket))
    tickets.clear()
    assert removed == [drawing.id, waiting.id, holder.id] and not rows(fake)


def test_the_holder_of_a_lock_that_was_broken_hears_it(fake, service, tickets):
    with held(tickets) as check:
        check()
        another(fake, service).clear()
        with pytest.raises(LockLost):
            check()
        with held(another(fake, service)):  # and another one may work
            pass


def test_a_server_that_is_away_for_a_heartbeat_costs_nothing(fake, tickets, monkeypatch):
    monkeypatch.setattr(lock, "HEARTBEAT", 0.02)
    tried: list[str] = []
    write = Tickets.write
    monkeypatch.setattr(Tickets, "write", lambda self, ticket: tried.append(ticket.id) or write(self, ticket))
    with held(tickets) as check:
        with fake.away():
            before = len(tried)
            until(lambda: len(tried) > before + 2, "heartbeats that go nowhere")
        asked = len(fake.requests)
        until(lambda: len(fake.requests) > asked + 2, "heartbeats")
        check()


@pytest.mark.parametrize("kind", ["before", "after", "half"])
@pytest.mark.parametrize("call", ["schedule.create", "schedule.list", "schedule.update", "schedule.delete"])
def test_the_network_is_cut_while_it_is_taken_and_nobody_waits_for_a_ticket_of_nobody(
    fake, service, tickets, call, kind
):
    fake.faults.append(Fault(kind, call))
    # Whether the cut is told depends on what was lost: what counts is what it leaves behind.
    with suppress(failures.Unanswered), held(tickets):
        pass
    assert not fake.faults
    if call == "schedule.delete":  # lets go by itself
        assert kind != "before" or len(rows(fake)) == 1
        with held(another(fake, service, LEASE + 10)):
            pass
    else:
        with held(another(fake, service)):
            pass


GARBAGE = [
    "", "#", "# {}", "# []", "# 1", "# null", '# "token"', "echo hello", "# " + "[" * 100_000,
    *(
        "# " + json.dumps({"token": "t", "number": 1, "until": 9e99, "holder": {}} | more)
        for more in (
            {}, {"number": 1e400}, {"number": "x"}, {"number": -1}, {"until": float("nan")}, {"until": float("inf")},
            {"holder": "root"}, {"holder": {"by": 1}}, {"holder": None},
        )
    ),
]  # fmt: skip


@pytest.mark.parametrize("text", GARBAGE, ids=lambda text: text[:60])
def test_a_schedule_of_that_name_that_is_no_ticket_is_in_nobodys_way(client, service, tickets, text):
    client.transport.post(
        "schedule.create",
        scheduleType="compose",
        composeId=service.id,
        name=lock.NAME,
        cronExpression=lock.NEVER,
        command=text,
    )
    with held(tickets) as check:
        check()


def test_a_ticket_whose_token_is_of_another_kind_is_compared_all_the_same(fake, service, tickets):
    with held(tickets, "first"):
        (row,) = rows(fake)
        fields = json.loads(row["command"].removeprefix("# ")) | {"token": 5}
        fake.state.schedules["odd"] = row | {"scheduleId": "odd", "command": "# " + json.dumps(fields)}
        assert [each.token for each in tickets.all() if each.id == "odd"] == ["5"]


@pytest.mark.parametrize("date", ["", "none", "Mon, 99 Foo 2026"])
def test_an_answer_without_a_date_does_not_turn_the_clock(date):
    assert transport.ahead_of_us(date, 500.0) == 500.0
