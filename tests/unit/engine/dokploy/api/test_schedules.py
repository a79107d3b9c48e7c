"""A command that runs while the way to the server is cut, and containers that go while one looks."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from slipway.engine.dokploy.api import failures
from slipway.engine.dokploy.api.answers import Schedule, Service
from slipway.engine.dokploy.api.client import Dokploy, connect
from slipway.engine.dokploy.api.clock import Clock
from slipway.engine.dokploy.api.schedules import UNHEARD_S, Wanted
from slipway.engine.dokploy.api.uploads import Content
from slipway.system.redact import Secret
from tests.support.dokploy.server import Fault

FILE = "services: {app: {image: app}, db: {image: db}}\n"


@pytest.fixture
def service(client: Dokploy) -> Service:
    service = client.ensure("p", "production", "shop")
    client.upload(service, Content(FILE))
    client.follow(service, client.deploy(service, "a"))
    return service


@pytest.fixture
def schedule(client: Dokploy, service: Service) -> Schedule:
    return client.ensure_schedule(service, Wanted("job", "app", "echo ran", shell="sh"))


def skipping() -> Clock:
    """Time passes as it is slept away."""
    times = [0.0]
    return Clock(lambda: times[0], lambda seconds: times.__setitem__(0, times[0] + seconds))


@pytest.mark.parametrize(
    "fault",
    [Fault("after", "schedule.runManually"), Fault("half", "schedule.runManually")],
    ids=lambda fault: fault.kind,
)
def test_a_run_whose_answer_was_lost_is_found_and_not_run_again(fake, client, schedule, fault):
    fake.faults.append(fault)
    run = client.run(schedule)
    assert run.status == "done" and client.log(run) == ("ran",)
    assert client.runs(schedule) == (run,)


def test_a_run_that_the_server_never_heard_of_is_given_up_and_not_run(fake, client, schedule):
    fake.faults.append(Fault("before", "schedule.runManually"))
    clock = skipping()
    with pytest.raises(failures.Unanswered):
        client.run(schedule, clock=clock)
    assert UNHEARD_S <= clock.now() < UNHEARD_S + 2 and client.runs(schedule) == ()


def test_a_schedule_that_was_edited_by_hand_is_as_wanted_again(fake, client, service, schedule):
    fake.state.schedules[schedule.id].update(command="rm -rf /", enabled=True)
    assert client.ensure_schedule(service, Wanted("job", "app", "echo ran", shell="sh")) == schedule


def test_a_container_that_goes_while_one_looks_is_left_out(fake, client, service, monkeypatch):
    engine = fake.state.engine
    app = next(key for key, each in engine.there.items() if each["Name"].endswith("-app-1"))
    monkeypatch.setattr(
        engine, "inspect", lambda key: engine.there.pop(key) and None if key == app else engine.there.get(key)
    )
    assert [each.service for each in client.containers(service)] == ["db"]


@pytest.mark.parametrize("status", [200, 404])
def test_a_container_that_is_listed_and_not_told_of_for_a_moment_is_not_taken_to_be_gone(fake, client, service, status):
    body = '{"message": "gone", "code": "NOT_FOUND"}' if status == 404 else ""
    fake.faults += [Fault("answer", "docker.getConfig", status, body)] * 2
    assert [each.service for each in client.containers(service)] == ["app", "db"]
    fake.faults += [Fault("answer", "docker.getConfig", status, body)] * 20
    with pytest.raises(failures.DokployError, match="nothing of a container that is there"):
        client.containers(service)


def test_containers_are_told_as_docker_tells_them_and_not_as_the_deployment_does(fake, client, service):
    app = next(each for each in fake.state.engine.there.values() if each["Name"].endswith("-app-1"))
    app["State"] = {"Status": "restarting", "ExitCode": 3, "StartedAt": "", "Health": {"Status": "unhealthy"}}
    app["RestartCount"] = 7
    seen = client.containers(service)[0]
    assert (seen.state, seen.health, seen.restarts, seen.exit_code) == ("restarting", "unhealthy", 7, 3)
    assert client.deployments(service)[0].status == "done"


@pytest.fixture
def silent() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_a_server_that_takes_a_request_and_says_nothing_has_not_answered(silent):
    with pytest.raises(failures.Unanswered):
        connect(silent, Secret("key"), answer_s=0.1)
