"""A server for every test: the fake one, or for the contract the real one that the environment names."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from slipway.engine.dokploy.api.client import Dokploy, connect
from slipway.engine.dokploy.api.clock import Clock
from slipway.engine.dokploy.api.deployments import Patience
from slipway.system.redact import Secret
from tests.support.dokploy.server import Server, served
from tests.support.waiting import PATIENCE

QUICK = Patience(deadline=PATIENCE, interval=0.01, lost=0.2, away=PATIENCE)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[Server]:
    with served(tmp_path / "dokploy") as server:
        yield server


@pytest.fixture
def client(fake: Server) -> Dokploy:
    return connect(fake.url, Secret(fake.key()))


@dataclass(frozen=True)
class Target:
    """A server that the contract is tried on, and a project of this test alone."""

    client: Dokploy
    project: str
    patience: Patience
    clock: Clock


@pytest.fixture
def target(request: pytest.FixtureRequest) -> Iterator[Target]:
    """The server of DOKPLOY_URL and DOKPLOY_API_KEY, else the fake one. What a test makes there is deleted again."""
    if "TEST_DOKPLOY_URL" in os.environ:
        client = connect(os.environ["TEST_DOKPLOY_URL"], Secret(os.environ["TEST_DOKPLOY_API_KEY"]))
        patience = Patience(deadline=PATIENCE)
    else:
        client, patience = request.getfixturevalue("client"), QUICK
    made = Target(client, f"slipway-test-{uuid.uuid4().hex[:12]}", patience, Clock())
    yield made
    project = next((each for each in client.projects() if each.name == made.project), None)
    if project:
        for place in client.environments(project):
            for service in client.services(place):
                client.delete(service, volumes=True)
        client.transport.post("project.remove", projectId=project.id)
