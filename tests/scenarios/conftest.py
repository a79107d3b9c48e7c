"""What every scenario stands on: an engine that answers, stacks that are removed again, evidence when one fails."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator

import pytest

from slipway.engine.docker import client
from slipway.errors import EngineError
from tests.support import clone
from tests.support.clone import Clone
from tests.support.containers import must
from tests.support.dokploy import proxy
from tests.support.releasing import SLOW
from tests.support.supabase.source import Missing, Source, source


@pytest.fixture(scope="session", autouse=True)
def engine() -> None:
    """Skips where no Docker engine answers; fails instead where SLIPWAY_REQUIRE_ENGINE=1 says that one must."""
    try:
        client.connect(os.environ)
    except EngineError as error:
        reason = (
            f"no Docker engine answers ({error.found}). To run the scenarios: sudo scripts/docker-engine on "
            "Debian, Docker's own installer elsewhere; then ./invoke test"
        )
        (pytest.fail if os.environ.get("SLIPWAY_REQUIRE_ENGINE") == "1" else pytest.skip)(reason)


@pytest.fixture(scope="module")
def shared(engine: None) -> Iterator[Clone]:
    """A stack that is up, for scenarios of one file that only look.

    For no longer: a stack at rest takes a tenth of a processor, and each worker would have one to the end of the run.
    """
    with clone.made() as made:
        made.succeed("up")
        yield made


@pytest.fixture(scope="module")
def own(engine: None) -> Iterator[Clone]:
    """A stack that is up and holds data, for the scenarios of one file; each leaves it right."""
    with clone.made() as made:
        made.succeed("up")
        made.write_data()
        yield made


@pytest.fixture(scope="module")
def slow(engine: None) -> Iterator[Clone]:
    """A stack whose app takes two seconds to boot and can be told to fail."""
    with clone.made() as made:
        made.settle(**SLOW)
        made.succeed("up")
        yield made


@pytest.fixture
def gateway() -> str:
    """The address of this machine on the engine's own network."""
    address = must("network", "inspect", "bridge", "--format", "{{(index .IPAM.Config 0).Gateway}}")
    with socket.socket() as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            pytest.skip("the engine is on another machine")
    return address


@pytest.fixture
def project(gateway: str) -> Iterator[Source]:
    """One that containers reach, by the address of this machine on the engine's own network."""
    try:
        with source(rows=100, large=100 * 2**20, address=gateway) as made:
            yield made
    except Missing as missing:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(missing))


@pytest.fixture
def fresh(engine: None) -> Iterator[Clone]:
    """A clone with settings, and nothing started."""
    with clone.made() as made:
        yield made


def pytest_sessionfinish(session: pytest.Session) -> None:
    if not hasattr(session.config, "workerinput"):  # in the process that has all workers
        proxy.forget_network()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo):
    report = yield
    if report.failed and call.when == "call":
        for each in clone.LIVE:
            report.sections.append(("evidence", f"commands and container logs: {clone.save(each, item.name)}"))
    return report
