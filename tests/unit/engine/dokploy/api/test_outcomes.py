"""Every end of a deployment is told apart: by what is seen (a table), and followed on a server that does it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.engine.dokploy.api import outcomes
from slipway.engine.dokploy.api.answers import Deployment, Service
from slipway.engine.dokploy.api.client import Dokploy, connect
from slipway.engine.dokploy.api.clock import Clock
from slipway.engine.dokploy.api.deployments import Patience
from slipway.engine.dokploy.api.failures import KeyExhausted, Missing, Unreachable
from slipway.engine.dokploy.api.outcomes import Sight, Ticket
from slipway.engine.dokploy.api.uploads import Content
from slipway.system.redact import Secret
from tests.support.dokploy.server import Fault, Server, served
from tests.support.waiting import PATIENCE, until

QUICK = Patience(deadline=PATIENCE, interval=0.01, lost=0.2, away=PATIENCE)
TICKET = Ticket("c", "mine", frozenset({"old"}))
FILE = "services: {app: {image: app}}\n"


def record(key: str, title: str = "mine", status: str = "running") -> Deployment:
    return Deployment(key, title, status, "2026-09-01T10:00:00Z", None, None, "")


def sight(*records: Deployment, queued: bool = False, last: Deployment | None = None, away: bool = False) -> Sight:
    return Sight(TICKET, records, queued, last, away)


OLD, MINE = record("old"), record("new")
MANY = tuple(record(f"n{number}", "other") for number in range(outcomes.KEPT))
TABLE = {
    "queued": (sight(queued=True), outcomes.Waiting()),
    "queued, an older one of the same title": (sight(OLD, queued=True), outcomes.Waiting()),
    "runs": (sight(MINE, OLD), outcomes.Running(MINE)),
    "done": (sight(record("new", status="done")), outcomes.Done(record("new", status="done"))),
    "failed": (sight(record("new", status="error")), outcomes.Failed(record("new", status="error"))),
    "cancelled": (sight(record("new", status="cancelled")), outcomes.Cancelled(record("new", status="cancelled"))),
    "restarted": (
        sight(record("new", status="cancelled"), away=True),
        outcomes.Restarted(record("new", status="cancelled")),
    ),
    "done though it was away": (
        sight(record("new", status="done"), away=True),
        outcomes.Done(record("new", status="done")),
    ),
    "a status of tomorrow": (sight(record("new", status="paused")), outcomes.Unknown(record("new", status="paused"))),
    "its title overwritten": (
        sight(record("new", "a commit", "done"), last=MINE),
        outcomes.Done(record("new", "a commit", "done")),
    ),
    "lost": (sight(OLD), outcomes.Lost()),
    "lost by a restart": (sight(OLD, away=True), outcomes.Restarted(None)),
    "pruned once seen": (sight(last=MINE), outcomes.Pruned(MINE)),
    "pruned before it was seen": (sight(*MANY), outcomes.Pruned(None)),
    "not pruned: too few came": (sight(*MANY[1:], OLD), outcomes.Lost()),
}


@pytest.mark.parametrize("case", TABLE)
def test_what_is_seen_says_what_it_is(case):
    seen, expected = TABLE[case]
    assert outcomes.now(seen) == expected


@given(st.text(max_size=12), st.booleans(), st.booleans())
def test_no_status_is_taken_for_done_but_done(status, away, queued):
    found = outcomes.now(sight(record("new", status=status), away=away, queued=queued))
    assert isinstance(found, outcomes.Done) == (status == "done")


@pytest.fixture
def service(client: Dokploy) -> Service:
    service = client.ensure("p", "production", "shop")
    client.upload(service, Content(FILE))
    return service


def running(client: Dokploy, service: Service, ticket: Ticket) -> bool:
    return any(each.title == ticket.title and each.status == "running" for each in client.deployments(service))


def endless(fake: Server) -> None:
    fake.state.engine.script = "exec sleep 3600"


def test_states_are_told_in_their_order(fake, client, service):
    fake.worker.hold(True)
    told: list[type] = []

    def tell(seen) -> None:
        told.append(type(seen))
        fake.worker.hold(False)

    client.follow(service, client.deploy(service, "a"), QUICK, tell)
    assert told[0] is outcomes.Waiting or told[0] is outcomes.Running
    assert told[-1] is outcomes.Done


def test_the_status_of_the_service_lags_and_is_not_what_is_believed(fake, client, service):
    client.follow(service, client.deploy(service, "good"), QUICK)
    fake.worker.hold(True)
    fake.state.engine.script = "exit 1"
    ticket = client.deploy(service, "bad")
    assert client.stored(service).status == "done"
    fake.worker.hold(False)
    assert isinstance(client.follow(service, ticket, QUICK), outcomes.Failed)


def test_one_whose_queue_was_cleaned_is_lost(fake, client, service):
    fake.worker.hold(True)
    ticket = client.deploy(service, "a")
    client.transport.post("compose.cleanQueues", composeId=service.id)
    assert client.follow(service, ticket, QUICK) == outcomes.Lost()


def test_one_that_waited_when_the_server_restarted_is_told_so(fake, client, service):
    fake.worker.hold(True)
    ticket = client.deploy(service, "a")
    assert client.follow(service, ticket, QUICK, lambda seen: fake.restart(), eyes(fake)) == outcomes.Restarted(None)


def test_one_that_ran_when_the_server_restarted_is_told_so(fake, client, service):
    endless(fake)
    ticket = client.deploy(service, "a")
    until(lambda: running(client, service, ticket), "it runs")
    end = client.follow(service, ticket, QUICK, lambda seen: None, eyes(fake))
    assert isinstance(end, outcomes.Restarted) and end.deployment and end.deployment.status == "cancelled"


def eyes(fake: Server) -> Clock:
    """A clock whose first sleep ends while the server is away; it is back for the third."""
    steps = iter((lambda: fake.close(), lambda: come_back(fake)))
    clock = Clock()

    def sleep(seconds: float) -> None:
        next(steps, lambda: clock.sleep(seconds))()

    return Clock(clock.now, sleep)


def come_back(fake: Server) -> None:
    fake.restart()


def test_one_that_is_cancelled_while_the_server_is_there_is_cancelled(fake, client, service):
    endless(fake)
    ticket = client.deploy(service, "a")
    until(lambda: running(client, service, ticket), "it runs")
    with fake.state.lock:
        next(iter(fake.state.deployments.values()))["status"] = "cancelled"
    assert isinstance(client.follow(service, ticket, QUICK), outcomes.Cancelled)


def test_one_whose_record_went_as_others_came_is_pruned_and_not_called_lost(fake, client, service):
    ticket = client.deploy(service, "a")
    for number in range(12):
        client.follow(service, client.deploy(service, str(number)), QUICK)
    assert len(client.deployments(service)) == 11
    assert client.follow(service, ticket, QUICK) == outcomes.Pruned(None)


def test_one_that_does_not_end_in_time_is_running_still(fake, client, service):
    endless(fake)
    ticket = client.deploy(service, "a")
    until(lambda: running(client, service, ticket), "it runs")
    assert isinstance(client.follow(service, ticket, Patience(deadline=0)), outcomes.Running)


def test_a_server_that_stays_away_ends_the_following(fake, client, service):
    ticket = client.deploy(service, "a")
    fake.close()
    with pytest.raises(Unreachable):
        client.follow(service, ticket, Patience(interval=0.01, away=0.1))
    fake.restart()


def test_a_service_deleted_meanwhile_ends_the_following(fake, client, service):
    fake.worker.hold(True)
    ticket = client.deploy(service, "a")
    client.delete(service, volumes=True)
    with pytest.raises(Missing):
        client.follow(service, ticket, QUICK)


def test_a_key_that_is_used_up_meanwhile_ends_the_following(fake, client, service):
    fake.worker.hold(True)
    ticket = client.deploy(service, "a")
    (key,) = fake.state.keys.values()
    key.limit = key.spent
    with pytest.raises(KeyExhausted):
        client.follow(service, ticket, QUICK)


def test_answers_that_get_lost_on_the_way_do_not_end_the_following(fake, client, service):
    ticket = client.deploy(service, "a")
    fake.faults += [Fault("before"), Fault("half"), Fault("after"), Fault("answer", "", 502, "<html>")]
    fake.faults += [Fault("answer", "", 404, "404 page not found"), Fault("answer", "", 500, "<html>")]
    assert isinstance(client.follow(service, ticket, QUICK), outcomes.Done)
    assert not fake.faults


@pytest.mark.parametrize(("kind", "expected"), [("before", outcomes.Lost), ("after", outcomes.Done)])
def test_a_deployment_whose_answer_was_lost_is_found_out_about(fake, client, service, kind, expected):
    fake.faults.append(Fault(kind, "compose.deploy"))
    ticket = client.deploy(service, "a")
    assert not ticket.answered
    assert isinstance(client.follow(service, ticket, QUICK), expected)


def test_an_old_version_that_shows_no_queue_is_followed_all_the_same(tmp_path):
    with served(tmp_path, version=(0, 25, 0)) as old:
        client = connect(old.url, Secret(old.key()))
        service = client.ensure("p", "production", "shop")
        client.upload(service, Content(FILE))
        assert isinstance(client.follow(service, client.deploy(service, "a"), QUICK), outcomes.Done)
