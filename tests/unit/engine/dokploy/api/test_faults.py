"""What goes wrong between the client and the server: each told by its class, and nothing made twice for it."""

from __future__ import annotations

import socket

import pytest

from slipway.engine.dokploy.api import failures, outcomes
from slipway.engine.dokploy.api.client import Dokploy, connect
from slipway.engine.dokploy.api.deployments import Patience
from slipway.engine.dokploy.api.uploads import Content
from slipway.errors import SettingsError, SlipwayError
from slipway.system.redact import Secret
from tests.support.dokploy.server import Fault, Server
from tests.support.waiting import PATIENCE

QUICK = Patience(deadline=PATIENCE, interval=0.01, lost=0.2, away=PATIENCE)
CONTENT = Content("services: {app: {image: app}}\n", Secret("A='hidden-value'\n"), files={"f": Secret("text")})


def release(fake: Server, key: str) -> object:
    client = connect(fake.url, Secret(key))
    service = client.ensure("p", "staging", "shop")
    client.upload(service, CONTENT)
    return client.follow(service, client.deploy(service, "r"), QUICK)


CALLS = (
    "settings.getDokployVersion project.all project.create environment.byProjectId environment.create compose.create "
    "compose.one compose.update compose.saveEnvironment mounts.create deployment.allByCompose compose.deploy "
    "deployment.queueList"
).split()


@pytest.mark.parametrize("kind", ["before", "after", "half"])
@pytest.mark.parametrize("call", CALLS)
def test_the_network_is_cut_at_any_call_and_the_next_run_makes_nothing_twice(fake, call, kind):
    key = fake.key()
    fake.faults.append(Fault(kind, call))
    try:
        release(fake, key)
    except failures.Unanswered as error:
        assert error.where.endswith(call) and error.next
    assert not fake.faults
    assert isinstance(release(fake, key), outcomes.Done)
    state = fake.state
    assert [len(table) for table in (state.projects, state.environments, state.composes, state.mounts)] == [1, 2, 1, 1]


ANSWERS = {
    "a page": (Fault("answer", status=200, body="<html>hello</html>"), failures.NotDokploy),
    "a page with an error": (Fault("answer", status=500, body="<html>sorry</html>"), failures.NotDokploy),
    "data that is no version": (Fault("answer", status=200, body='{"a": 1}'), failures.NotDokploy),
    "nothing": (Fault("answer", status=200, body=""), failures.NotDokploy),
    "a redirect": (
        Fault("answer", status=301, headers={"Location": "https://u:pw@x.example/api/a?key=1"}),
        failures.NotDokploy,
    ),
    "a proxy without its server": (Fault("answer", status=502, body="Bad Gateway"), failures.Unanswered),
    "a proxy that gave up": (Fault("answer", status=504, body="<html>"), failures.Unanswered),
    "no right": (Fault("answer", status=401, body='{"message": "no", "code": "UNAUTHORIZED"}'), failures.NotPermitted),
    "no permission": (
        Fault("answer", status=403, body='{"message": "no", "code": "FORBIDDEN"}'),
        failures.NotPermitted,
    ),
    "a refusal": (Fault("answer", status=400, body='{"message": "no", "code": "BAD_REQUEST"}'), failures.Refused),
    "a failure": (Fault("answer", status=500, body='{"message": "no", "code": "INTERNAL"}'), failures.Refused),
    "no such thing": (Fault("answer", status=404, body='{"message": "no", "code": "NOT_FOUND"}'), failures.Missing),
    "an old version": (Fault("answer", status=200, body='"v0.24.12"'), failures.TooOld),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_answers_that_are_none_are_told_by_their_kind(fake, case):
    fault, expected = ANSWERS[case]
    fake.faults.append(fault)
    with pytest.raises(failures.DokployError) as caught:
        connect(fake.url, Secret(fake.key()))
    assert type(caught.value) is expected
    assert all((caught.value.where, caught.value.found, caught.value.expected, caught.value.next))
    assert "pw@" not in str(caught.value.fields()) and "key=1" not in str(caught.value.fields())


def test_a_wrong_key_and_one_that_is_used_up_are_told_apart(fake):
    with pytest.raises(failures.KeyRefused):
        connect(fake.url, Secret("nobody's"))
    limited = connect(fake.url, Secret(fake.key(limit=10)))
    for _ in range(4):
        limited.projects()
    with pytest.raises(failures.KeyExhausted) as caught:
        limited.projects()
    assert "rateLimitEnabled" in caught.value.next


def test_a_key_without_rights_is_no_wrong_key(fake):
    with pytest.raises(failures.NotPermitted):
        connect(fake.url, Secret(fake.key(may_write=False))).ensure("p", "production", "shop")


def test_nobody_listens(no_server):
    with pytest.raises(failures.Unreachable) as caught:
        connect(no_server, Secret("key"))
    assert no_server in caught.value.found


@pytest.fixture
def no_server() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


def test_a_host_that_does_not_exist():
    with pytest.raises(failures.Unreachable):
        connect("http://nowhere.invalid", Secret("key"))


def test_https_to_a_server_without_it_is_no_answer(fake):
    with pytest.raises(failures.Unreachable) as caught:
        connect(fake.url.replace("http:", "https:"), Secret(fake.key()))
    assert "certificate" in caught.value.found


@pytest.mark.parametrize(
    "url",
    [
        "",
        "dokploy.example.com",
        "ftp://x",
        "http://",
        "http://a:99999",
        "https://user:pw@x",
        "http://x?a=1",
        "http://[::1",
    ],
)
def test_what_is_no_address_is_refused_before_anything_is_sent(url):
    with pytest.raises(SettingsError) as caught:
        connect(url, Secret("key"))
    assert caught.value.where == "DOKPLOY_URL" and "pw" not in str(caught.value.fields())


@pytest.mark.parametrize("key", ["", "clé", "a\nb"])
def test_what_is_no_key_is_refused_before_anything_is_sent(fake, key):
    with pytest.raises(SettingsError):
        connect(fake.url, Secret(key))
    assert not fake.requests


@pytest.mark.parametrize("ending", ["/", "/api", "/api/"])
def test_the_address_may_end_as_people_copy_it(fake, ending):
    assert connect(fake.url + ending, Secret(fake.key())).version


def test_two_of_one_name_are_refused_and_their_ids_told(fake, client):
    for _ in range(2):
        client.transport.post("project.create", name="twin")
    with pytest.raises(failures.Ambiguous) as caught:
        client.ensure("twin", "production", "shop")
    assert all(key in caught.value.found for key in fake.state.projects)


def test_a_service_on_another_server_is_not_taken_for_ours(client):
    client.ensure("p", "production", "shop", "server-1")
    with pytest.raises(SettingsError, match="server-1"):
        client.ensure("p", "production", "shop")


def test_what_another_hand_changed_is_written_again(fake, client):
    service = client.ensure("p", "production", "shop")
    client.upload(service, CONTENT)
    fake.state.composes[service.id].update(command="compose up", env="")
    assert client.upload(service, CONTENT) == ("command", "env")
    assert client.stored(service).env.value == CONTENT.env.value


def test_no_error_holds_a_secret_whatever_the_server_says(fake):
    key = fake.key()
    client = connect(fake.url, Secret(key))
    service = client.ensure("p", "production", "shop")
    said = f'{{"message": "env A=\'hidden-value\' {key}", "code": "BAD_REQUEST"}}'
    fake.faults.append(Fault("answer", "compose.saveEnvironment", 400, said))
    with pytest.raises(failures.Refused) as caught:
        client.upload(service, CONTENT)
    told(caught.value, "hidden-value", key)
    with pytest.raises(failures.Refused) as caught:
        client.transport.post(
            "destination.testConnection", accessKey="AKIA", secretAccessKey="s3cr3t", bucket="b", endpoint="e"
        )
    told(caught.value, "AKIA", "s3cr3t")
    assert key not in repr(client)


def told(error: SlipwayError, *secrets: str) -> None:
    text = f"{error.fields()} {error!r}"
    assert not [each for each in secrets if each in text]


def test_a_field_that_came_wrong_is_named(client: Dokploy):
    with pytest.raises(failures.Refused, match="fields: name"):
        client.transport.post("project.create")
