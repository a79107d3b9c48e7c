"""What all tests share: the environment of whoever runs them says nothing about the stacks under test."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import hypothesis
import pytest

from slipway.config import envfile
from tests.support import campaign

# The machine may be busy: how long an example takes says nothing about the code.
hypothesis.settings.register_profile("slipway", deadline=None, max_examples=40)
hypothesis.settings.load_profile("slipway")

# A run that a shell has put into the background ignores Ctrl-C, and so would every process that a test interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Before any test module is imported, so that none can read ENGINE, HTTP_PORT or a secret by accident.
for _key in [key for key in os.environ if key in envfile.KEYS or key.startswith(envfile.PREFIX)]:
    _value = os.environ.pop(_key)
    # A real server, which whoever runs the tests means for the contract alone.
    if _key in ("DOKPLOY_URL", "DOKPLOY_API_KEY"):
        os.environ[f"TEST_{_key}"] = _value


# Campaigns may take hours, and the limit on a test's time is for those of every day.
if campaign.LONG:
    os.environ.setdefault("PYTEST_TIMEOUT", "0")


class AtOnce:
    """Prints a failure when it happens: of a run that is cut off at its end, nobody sees the summary."""

    def __init__(self, terminal: pytest.TerminalReporter) -> None:
        self.terminal = terminal

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.terminal.write_line(f"\n{report.when} of {report.nodeid} failed:\n{report.longreprtext[-6000:]}")


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Registers `AtOnce` where reports arrive, in the process that started the workers, once that has a terminal."""
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    if terminal and not hasattr(config, "workerinput"):
        config.pluginmanager.register(AtOnce(terminal))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Puts the files that say of themselves that they are long before all others, so that none of them ends the run.

    Leaves out what is for campaigns alone, and counts it.
    """
    items.sort(key=lambda item: item.get_closest_marker("long") is None)
    if not campaign.LONG and (left := [item for item in items if item.get_closest_marker("campaign")]):
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if item not in left]


@dataclass(frozen=True)
class AppStack:
    """What the app's tests need of a running stack: its URL, and all that a further backend has to be told."""

    url: str
    database_url: str
    env: Mapping[str, str]
    app_python: str
    migrate_url: str


@pytest.fixture(scope="session")
def app_stack() -> Iterator[AppStack]:
    """An embedded stack in a copy of the working tree, migrated and with fixtures."""
    from tests.support.clone import free_port
    from tests.support.working_copy import copy_to

    folder = Path(tempfile.mkdtemp(prefix="slipway-copy-"))
    copy = copy_to(folder / "app")
    copy.env["HTTP_PORT"] = str(free_port())
    try:
        copy.up()
        spec = copy.spec()
        yield AppStack(copy.url, copy.database_url("app"), spec["env"], spec["argv"][0], copy.database_url("migrate"))
    finally:
        copy.clean()
        shutil.rmtree(folder)


@pytest.fixture
def stack(app_stack: AppStack) -> AppStack:
    """The stack that tests take unless their own directory has another."""
    return app_stack
