"""What a version can do, and what it drops without a word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.engine.dokploy.api import failures, versions
from slipway.engine.dokploy.api.client import connect
from slipway.engine.dokploy.api.failures import NotDokploy
from slipway.engine.dokploy.api.schedules import Wanted
from slipway.engine.dokploy.api.uploads import Content
from slipway.system.redact import Secret
from tests.support.dokploy.server import served

FILE = "services: {app: {image: app}}\n"
CHAIN = "compose run migrate && docker compose up -d"
TABLE = {
    # version: whether a command may chain by &&
    "0.25.0": True,
    "0.29.12": True,
    "0.29.13": False,
    "0.29.14": False,
    "0.30.0": True,
    "0.31.0": True,
    "1.0.0": True,
}


@pytest.mark.parametrize("text", TABLE)
def test_what_a_version_can_do(text):
    found = versions.parse(f"v{text}")
    assert found.chains == TABLE[text] and str(found) == text
    assert versions.check(found) == found


@pytest.mark.parametrize("text", ["0.24.12", "v0.1.0"])
def test_a_version_without_environments_is_refused(text):
    with pytest.raises(failures.TooOld) as caught:
        versions.check(versions.parse(text))
    assert "0.25.0" in caught.value.expected


@given(st.one_of(st.none(), st.integers(), st.text(max_size=30), st.dictionaries(st.text(max_size=3), st.integers())))
def test_anything_is_a_version_or_told_to_be_none(value):
    try:
        assert str(versions.parse(value)) in f"{value}"
    except NotDokploy as error:
        assert error.next


@given(st.tuples(*[st.integers(0, 999)] * 3), st.tuples(*[st.integers(0, 999)] * 3))
def test_versions_stand_in_the_order_of_their_numbers(one, two):
    texts = [".".join(map(str, each)) for each in (one, two)]
    assert (versions.parse(texts[0]) < versions.parse(texts[1])) == (one < two)


@pytest.mark.parametrize(
    ("version", "taken"), [((0, 29, 12), True), ((0, 29, 13), False), ((0, 29, 14), False), ((0, 30, 0), True)]
)
def test_a_chain_of_commands_is_refused_where_its_deploy_would_be(tmp_path, version, taken):
    with served(tmp_path, version=version) as server:
        client = connect(server.url, Secret(server.key()))
        service = client.ensure("p", "production", "shop")
        if taken:
            client.upload(service, Content(FILE, command=CHAIN))
            assert client.stored(service).command == CHAIN
        else:
            with pytest.raises(failures.TooOld, match="&&"):
                client.upload(service, Content(FILE, command=CHAIN))
            assert server.state.composes[service.id]["composeFile"] == ""


@pytest.mark.parametrize(("version", "kept"), [((0, 29, 14), False), ((0, 30, 2), True)])
def test_what_a_version_does_not_know_is_noticed_and_named(tmp_path, version, kept):
    content = Content(FILE, Secret("A='hidden'"), more={"createEnvFile": False})
    with served(tmp_path, version=version) as server:
        client = connect(server.url, Secret(server.key()))
        service = client.ensure("p", "production", "shop")
        if kept:
            assert "createEnvFile" in client.upload(service, content)
            return
        with pytest.raises(failures.Stripped) as caught:
            client.upload(service, content)
    assert caught.value.fields_lost == ("createEnvFile",)
    assert "createEnvFile" in caught.value.found and "0.29.14" in caught.value.found
    assert "hidden" not in str(caught.value.fields())


def test_a_run_of_a_schedule_is_found_on_a_version_that_tells_nothing_of_it(tmp_path):
    with served(tmp_path, version=(0, 29, 13)) as server:
        client = connect(server.url, Secret(server.key()))
        service = client.ensure("p", "production", "shop")
        client.upload(service, Content(FILE))
        client.follow(service, client.deploy(service, "a"))
        schedule = client.ensure_schedule(service, Wanted("job", "app", "echo ran", shell="sh"))
        assert client.log(client.run(schedule)) == ("ran",)
        assert client.run(client.ensure_schedule(service, Wanted("job", "none", "echo ran"))).status == "error"


def test_a_log_is_told_to_be_beyond_an_old_version_and_a_removed_one_to_be_missing(tmp_path):
    for version, expected in (((0, 25, 0), failures.TooOld), ((0, 30, 2), failures.Missing)):
        with served(tmp_path / str(version[1]), version=version) as server:
            client = connect(server.url, Secret(server.key()))
            service = client.ensure("p", "production", "shop")
            client.upload(service, Content(FILE))
            client.follow(service, client.deploy(service, "a"))
            (record,) = client.deployments(service)
            server.state.deployments.clear()
            with pytest.raises(expected):
                client.log(record)
