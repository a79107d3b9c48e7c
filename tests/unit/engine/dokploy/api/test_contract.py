"""What the client needs of a Dokploy server. With DOKPLOY_URL and DOKPLOY_API_KEY set these run against that server:
nothing here is of the fake alone. The server needs busybox.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from slipway.engine.dokploy.api import outcomes, versions
from slipway.engine.dokploy.api.answers import Service
from slipway.engine.dokploy.api.domains import Domain
from slipway.engine.dokploy.api.failures import Missing
from slipway.engine.dokploy.api.schedules import Wanted
from slipway.engine.dokploy.api.uploads import Content
from slipway.system.redact import Secret

FILE = """\
services:
  sleeper:
    image: busybox:1.36
    command: ["sleep", "3600"]
    init: true
    restart: unless-stopped
"""
CONTENT = Content(
    FILE,
    Secret("PASSWORD='p@ss$word#1'\nPLAIN='two words'\n"),
    files={"gateway/Caddyfile": Secret("one {\n}\n"), "empty": Secret("")},
)


@pytest.fixture
def service(target) -> Service:
    return target.client.ensure(target.project, "production", "shop")


@pytest.fixture
def deployed(target, service) -> Service:
    target.client.upload(service, CONTENT)
    ticket = target.client.deploy(service, "first")
    assert isinstance(target.client.follow(service, ticket, target.patience), outcomes.Done)
    return service


def test_the_version_is_one_that_is_known(target):
    assert target.client.version >= versions.OLDEST


def test_a_service_that_is_there_is_found_and_none_is_made_again(target, service):
    assert target.client.ensure(target.project, "production", "shop") == service
    assert target.client.find(target.project, "production", "shop") == service


def test_what_is_not_there_is_not_found_and_not_made(target):
    assert target.client.find(target.project, "production", "shop") is None
    assert target.project not in [each.name for each in target.client.projects()]


def test_an_environment_is_made_beside_production(target):
    staging = target.client.ensure(target.project, "staging", "shop")
    production = target.client.ensure(target.project, "production", "shop")
    assert staging.id != production.id and staging.app_name != production.app_name


def test_the_docker_project_is_named_after_the_service_and_with_an_ending_of_the_servers(target):
    service = target.client.ensure(target.project, "production", "My Shop_1.x")
    assert service.name == "My Shop_1.x"
    assert service.app_name.startswith("my-shop-1-x-") and len(service.app_name) == len("my-shop-1-x-") + 6


def test_what_is_written_is_read_back_and_what_is_the_same_is_not_written_again(target, service):
    assert {"composeFile", "env", "../files/gateway/Caddyfile"} <= set(target.client.upload(service, CONTENT))
    kept = target.client.stored(service)
    assert (kept.compose_file, kept.env.value) == (FILE, CONTENT.env.value)
    assert {each.path: each.content.value for each in kept.mounts} == {"gateway/Caddyfile": "one {\n}\n", "empty": ""}
    assert target.client.upload(service, CONTENT) == ()


def test_a_file_is_rewritten_and_forgotten(target, service):
    target.client.upload(service, Content(FILE, files={"a": Secret("1"), "b": Secret("2")}))
    assert target.client.upload(service, Content(FILE, files={"a": Secret("3")})) == ("../files/a",)
    assert target.client.forget(service, "b") and not target.client.forget(service, "b")
    assert {each.path: each.content.value for each in target.client.stored(service).mounts} == {"a": "3"}


def test_a_deployment_is_followed_to_its_end_and_its_log_read(target, service):
    target.client.upload(service, CONTENT)
    ticket = target.client.deploy(service, "release 1", "by a test")
    told: list[object] = []
    end = target.client.follow(service, ticket, target.patience, told.append)
    assert isinstance(end, outcomes.Done) and told[-1] == end
    assert end.deployment.title == ticket.title and ticket.title.startswith("release 1")
    assert target.client.log(end.deployment)


def test_two_deployments_of_one_label_are_told_apart(target, deployed):
    one, two = target.client.deploy(deployed, "same"), target.client.deploy(deployed, "same")
    ends = [target.client.follow(deployed, each, target.patience) for each in (two, one)]
    assert [end.deployment.title for end in ends] == [two.title, one.title]


def test_a_command_that_fails_is_an_error_with_a_log(target, deployed):
    target.client.upload(deployed, Content(FILE, command="compose -f nothing-here.yml up -d", env=CONTENT.env))
    ticket = target.client.deploy(deployed, "fails")
    end = target.client.follow(deployed, ticket, target.patience)
    assert isinstance(end, outcomes.Failed)
    assert target.client.log(end.deployment)


def test_the_containers_of_a_service_are_told_with_their_state(target, deployed):
    (container,) = target.client.containers(deployed)
    assert (container.service, container.state, container.health) == ("sleeper", "running", "none")
    assert (container.image, container.restarts) == ("busybox:1.36", 0)


def test_a_service_that_never_ran_has_no_containers(target, service):
    assert target.client.containers(service) == ()


def test_a_schedule_is_made_once_changed_and_run_with_its_log(target, deployed):
    wanted = Wanted("backup", "sleeper", "echo kept; echo safe >&2", shell="sh")
    schedule = target.client.ensure_schedule(deployed, wanted)
    assert target.client.ensure_schedule(deployed, wanted) == schedule and not schedule.enabled
    run = target.client.run(schedule)
    assert run.status == "done" and {"kept", "safe"} <= set(target.client.log(run))
    again = target.client.ensure_schedule(deployed, Wanted("backup", "sleeper", "exit 3", "0 3 * * *", True, "sh"))
    assert again.id == schedule.id and (again.cron, again.enabled) == ("0 3 * * *", True)
    assert target.client.run(again).status == "error"
    assert len(target.client.runs(again)) == 2
    target.client.remove_schedule(again)
    assert target.client.schedules(deployed) == ()


def test_a_domain_is_made_once_changed_and_in_the_file_that_would_run(target, service):
    client, domain = target.client, Domain("shop.example.com", "sleeper", 8000)
    client.upload(service, CONTENT)
    assert client.ensure_domain(service, domain) and not client.ensure_domain(service, domain)
    assert client.ensure_domain(service, replace(domain, port=8001, https=True))
    file = client.transport.get("compose.getConvertedCompose", composeId=service.id)
    assert "Host(`shop.example.com`)" in file and "port=8001" in file and "port=8000" not in file
    assert client.remove_domain(service, domain) and not client.remove_domain(service, domain)


def test_a_domain_on_a_service_that_is_not_in_the_file_fails_the_deploy(target, service):
    target.client.upload(service, CONTENT)
    target.client.ensure_domain(service, Domain("shop.example.com", "nowhere", 8000))
    end = target.client.follow(service, target.client.deploy(service, "a"), target.patience)
    assert isinstance(end, outcomes.Failed)


def test_a_deleted_service_is_gone_with_what_belonged_to_it(target, deployed):
    assert target.client.delete(deployed, volumes=True)
    assert not target.client.delete(deployed, volumes=True)
    assert target.client.find(target.project, "production", "shop") is None
    with pytest.raises(Missing):
        target.client.deploy(deployed, "too late")
