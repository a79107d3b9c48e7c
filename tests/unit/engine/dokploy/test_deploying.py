"""A part brought to the server while the network is cut at any call: what runs stays in the file, and the next one repairs."""

from __future__ import annotations

from functools import partial

import pytest

from slipway.engine.dokploy import content, deploying, dotenv
from slipway.engine.dokploy.api.answers import Service
from slipway.engine.dokploy.api.client import Dokploy
from slipway.errors import EngineError, SettingsError
from slipway.plan import Silent
from tests.support.dokploy.server import Fault, Server
from tests.unit.engine.dokploy.conftest import QUICK
from tests.unit.engine.dokploy.test_content import part_of, rendered, services

CALLS = (
    "compose.one compose.update compose.saveEnvironment domain.byComposeId domain.create deployment.allByCompose "
    "compose.deploy deployment.queueList"
).split()
NAMES = services("minio")
MARKS = {"SLIPWAY_OWNER_ID": "abc"}


@pytest.fixture
def service(client: Dokploy, monkeypatch: pytest.MonkeyPatch) -> Service:
    monkeypatch.setattr(client, "follow", partial(client.follow, patience=QUICK))
    return client.ensure("p", "production", "shop")


def put(client: Dokploy, service: Service, secret: str, start: set[str], stay: set[str]) -> None:
    stack, _ = rendered("minio")
    part = part_of("minio", secret, start, stay)
    deploying.put(client, service, stack, part, MARKS, Silent(), "test")


def kept(client: Dokploy, service: Service) -> tuple[str, dict[str, str], str]:
    stored = client.stored(service)
    return stored.compose_file, dotenv.read(stored.env.value), stored.command


@pytest.mark.parametrize("kind", ["before", "after", "half"])
@pytest.mark.parametrize("call", CALLS)
def test_a_cut_at_any_call_takes_nothing_away_and_the_next_one_repairs(fake: Server, client, service, call, kind):
    first, rest = {"postgres", "redis"}, NAMES - {"postgres", "redis"}
    if call != "domain.create":
        put(client, service, "old", NAMES, set())
    fake.faults.append(Fault(kind, call))
    try:
        put(client, service, "new", first, rest)
    except EngineError as error:
        # One that the server never heard of is told by what is in its queue.
        assert (error.where.endswith(call) or "queue" in error.found) and error.next
    assert not fake.faults
    file = client.stored(service).compose_file
    assert not file or content.running(file) == NAMES
    put(client, service, "new", first, rest)
    file, values, command = kept(client, service)
    assert content.running(file) == NAMES and not content.edited(file, values) and not command
    assert values["SLIPWAY_OWNER_ID"] == "abc"
    assert len(fake.state.domains) == 1


def test_a_command_that_somebody_left_is_not_run(fake: Server, client, service):
    put(client, service, "a", NAMES, set())
    fake.state.composes[service.id]["command"] = "compose down --volumes"
    put(client, service, "a", {"redis"}, NAMES - {"redis"})
    assert not [words for words in fake.state.engine.commands if "down" in words]


@pytest.mark.parametrize("volumes", [False, True])
def test_after_a_down_a_deploy_from_the_page_starts_nothing(fake: Server, client, service, volumes):
    put(client, service, "a", NAMES, set())
    deploying.take_down(client, service, part_of("minio", "a", set()), MARKS, volumes, Silent())
    file, values, command = kept(client, service)
    assert not content.running(file) and not command
    assert values.get("SLIPWAY_OWNER_ID") == (None if volumes else "abc") and "SLIPWAY_KEEP_BACKUPS" not in values
    (down,) = [words for words in fake.state.engine.commands if "down" in words]
    assert ("--volumes" in down) == volumes


def test_a_down_that_fails_leaves_what_was_there_and_no_command(fake: Server, client, service):
    put(client, service, "a", NAMES, set())
    before = kept(client, service)
    fake.state.engine.script = "echo 'network is in use' >&2; exit 1"
    with pytest.raises(EngineError):
        deploying.take_down(client, service, part_of("minio", "a", set()), MARKS, True, Silent())
    assert kept(client, service) == before


def test_a_service_that_dokploy_deploys_from_git_is_neither_put_to_nor_said_to_be_down(fake: Server, client, service):
    fake.state.composes[service.id] |= {
        "sourceType": "git",
        "customGitUrl": "https://git/shop",
        "customGitBranch": "main",
    }
    with pytest.raises(SettingsError, match="Git"):
        put(client, service, "a", NAMES, set())
    with pytest.raises(SettingsError, match="Git"):
        deploying.take_down(client, service, part_of("minio", "a", set()), MARKS, False, Silent())
    assert not fake.state.engine.commands
