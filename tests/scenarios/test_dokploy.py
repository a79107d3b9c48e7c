"""The Dokploy client deploys through a Dokploy server onto the real engine, and sees there what really runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from slipway.engine.dokploy.api import outcomes
from slipway.engine.dokploy.api.answers import Service
from slipway.engine.dokploy.api.client import Dokploy, connect
from slipway.engine.dokploy.api.schedules import Wanted
from slipway.engine.dokploy.api.uploads import Content
from slipway.system.redact import Secret
from tests.support.containers import docker, must, tags
from tests.support.dokploy.engines import Docker
from tests.support.dokploy.server import Server, served
from tests.support.waiting import until

pytestmark = pytest.mark.scenario

FILE = """\
# A comment, which Dokploy drops.
services:
  sleeper:
    image: {image}
    entrypoint: ["sleep", "3600"]
    init: true
    environment: ["GREETING=${{GREETING}}"]
    volumes: ["../files/hello.txt:/hello.txt:ro", "kept:/kept"]
volumes:
  kept:
"""
CRASHING = """\
services:
  crasher:
    image: {image}
    entrypoint: ["sh", "-c", "exit 3"]
    restart: always
  sick:
    image: {image}
    entrypoint: ["sleep", "3600"]
    init: true
    healthcheck: {{test: ["CMD", "false"], interval: 1s, retries: 1}}
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with served(tmp_path, Docker()) as server:
        yield server


@pytest.fixture
def client(server: Server) -> Dokploy:
    return connect(server.url, Secret(server.key()))


@pytest.fixture
def service(client: Dokploy) -> Iterator[Service]:
    service = client.ensure("tests", "production", "tiny")
    yield service
    client.delete(service, volumes=True)
    # Whatever the server made of it.
    left = must("ps", "-aq", "--filter", f"label=com.docker.compose.project={service.app_name}").split()
    if left:
        docker("rm", "--force", "--volumes", *left)


def deploy(client: Dokploy, service: Service, file: str, **more) -> outcomes.Pending | outcomes.Ended:
    client.upload(service, Content(file.format(image=tags()["base"]), **more))
    return client.follow(service, client.deploy(service, "release"))


def test_a_deployed_service_runs_with_its_environment_its_file_and_its_name(client, service):
    files = {"hello.txt": Secret("from a file\n")}
    end = deploy(client, service, FILE, env=Secret("GREETING='pa$$ #1 \"x\"'\n"), files=files)
    assert isinstance(end, outcomes.Done), client.log(end.deployment)
    (container,) = client.containers(service)
    assert (container.service, container.state) == ("sleeper", "running")
    assert container.name == f"{service.app_name}-sleeper-1"
    assert container.image_id == must("image", "inspect", "--format", "{{.Id}}", tags()["base"])
    assert must("exec", container.name, "cat", "/hello.txt") == "from a file"
    assert must("exec", container.name, "printenv", "GREETING") == 'pa$$ #1 "x"'

    schedule = client.ensure_schedule(service, Wanted("look", "sleeper", "cat /hello.txt; exit 4", shell="sh"))
    run = client.run(schedule)
    assert run.status == "error" and "from a file" in client.log(run)

    client.stop(service)
    assert [each.state for each in client.containers(service)] == ["exited"]
    client.start(service)
    assert [each.state for each in client.containers(service)] == ["running"]
    volume = f"{service.app_name}_kept"
    assert docker("volume", "inspect", volume).returncode == 0
    assert client.delete(service, volumes=True)
    assert docker("volume", "inspect", volume).returncode != 0


def test_done_says_nothing_of_health_and_the_containers_do(client, service):
    assert isinstance(deploy(client, service, CRASHING), outcomes.Done)
    until(lambda: {each.service: each for each in client.containers(service)}["sick"].health == "unhealthy", "sick")
    until(lambda: {each.service: each for each in client.containers(service)}["crasher"].restarts > 0, "crashes")


def test_a_command_that_waits_for_health_is_an_error_and_what_was_there_stays(client, service):
    wait = f"compose -p {service.app_name} -f docker-compose.yml up -d --wait --wait-timeout 60"
    end = deploy(client, service, CRASHING, command=wait)
    assert isinstance(end, outcomes.Failed)
    assert {each.service for each in client.containers(service)} == {"crasher", "sick"}


def test_a_chain_stops_at_its_first_failure_before_anything_is_touched(client, service):
    assert isinstance(deploy(client, service, FILE), outcomes.Done)
    before = client.containers(service)
    name = f"compose -p {service.app_name} -f docker-compose.yml"
    chain = f"{name} run --rm --no-deps --entrypoint false sleeper && docker {name} up -d --force-recreate"
    assert isinstance(deploy(client, service, FILE, command=chain), outcomes.Failed)
    assert client.containers(service) == before
