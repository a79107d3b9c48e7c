"""What goes wrong on the way to a server of Dokploy and on it: one clear error, what served serves on, the next deploy repairs."""

from __future__ import annotations

import itertools
import json
import random
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy

import pytest

from slipway.engine.dokploy import content
from tests.support.campaign import LONG, sized
from tests.support.clone import assert_refused
from tests.support.containers import must
from tests.support.dokploy import effects
from tests.support.dokploy import stack as stacks
from tests.support.dokploy.server import Fault
from tests.support.dokploy.stack import OnServer
from tests.support.load.generator import LIGHT, load
from tests.support.releasing import SLOW
from tests.support.waiting import PATIENCE, until

pytestmark = pytest.mark.scenario

number = itertools.count(1)
CALLS = (
    "compose.one compose.update compose.saveEnvironment compose.deploy deployment.allByCompose deployment.queueList "
    "schedule.create schedule.list schedule.runManually schedule.update schedule.delete deployment.allByType "
    "deployment.readLogs docker.getContainersByAppNameMatch docker.getConfig domain.byComposeId project.all"
).split()
CUTS = [(call, kind) for call in CALLS for kind in ("before", "after", "half")]
SHORT = [("schedule.runManually", "half")]
# Two that refuse && in a command, the first of which tells nothing of a run; and the newest.
VERSIONS = [(0, 29, 13), (0, 30, 2), (0, 29, 14)]


@pytest.fixture(scope="module")
def stack(engine: None) -> Iterator[OnServer]:
    with stacks.made(**SLOW) as made:
        made.succeed("up")
        yield made


def repaired(stack: OnServer) -> None:
    """The next deploy succeeds and is what serves, alone."""
    name = f"r{next(number)}"
    stack.succeed("deploy", APP_ENV_VERSION=name)
    stack.settle(APP_ENV_VERSION=name)
    assert name in stack.get("/version")
    names = must("ps", "--all", "--format", "{{.Names}}").split()
    assert len([each for each in names if f"{stack.service['appName']}-app-" in each]) == 1
    assert {"postgres", "redis", "objects", "ops", "app", "gateway"} == set(stack.ids())


def assert_clear(stack: OnServer, done, code: int, *parts: str) -> None:
    assert_refused(done, code, *parts)
    for title in ("found", "expected", "next"):
        assert f"  {title}" in done.text
    assert not [secret for secret in stack.secrets(stacks.ON) if len(secret) > 7 and secret in done.text]


@contextmanager
def other_version(stack: OnServer, *version: int) -> Iterator[dict[str, str]]:
    kept, stack.server.state.version = stack.server.state.version, version  # type: ignore[assignment]
    try:
        yield {}
    finally:
        stack.server.state.version = kept


@contextmanager
def twins(stack: OnServer) -> Iterator[dict[str, str]]:
    stack.server.state.composes["twin"] = deepcopy(stack.service) | {"composeId": "twin"}
    try:
        yield {}
    finally:
        del stack.server.state.composes["twin"]


@contextmanager
def other_owner(stack: OnServer) -> Iterator[dict[str, str]]:
    kept = stack.setting("STACK_ID", stacks.ON)
    stack.settle(STACK_ID="f" * 12)
    try:
        yield {}
    finally:
        stack.settle(STACK_ID=kept)


@contextmanager
def given(stack: OnServer, **settings: Callable[[OnServer], str]) -> Iterator[dict[str, str]]:
    yield {key: value(stack) for key, value in settings.items()}


REFUSED = {
    "nobody at that address": (lambda on: given(on, DOKPLOY_URL=lambda on: "http://127.0.0.1:9"), 9, "nobody answers"),
    "another program there": (lambda on: given(on, DOKPLOY_URL=lambda on: on.url), 9, "DOKPLOY_URL"),
    "no such key": (lambda on: given(on, DOKPLOY_API_KEY=lambda on: "hidden-key-of-nobody"), 9, "the key is wrong"),
    "a key that is used up": (
        lambda on: given(on, DOKPLOY_API_KEY=lambda on: on.server.key(limit=40)),
        9,
        "without a rate limit",
    ),
    "a key without rights": (
        lambda on: given(on, DOKPLOY_API_KEY=lambda on: on.server.key(may_write=False)),
        9,
        "a key whose user may do this",
    ),
    "an old version": (lambda on: other_version(on, 0, 25, 0), 9, "0.29.0 or newer"),
    "two of one name": (twins, 9, "2 of that name"),
    "another owner": (other_owner, 2, "another stack of that name"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_is_one_clear_error_and_changes_nothing(stack: OnServer, case: str):
    given, code, part = REFUSED[case]
    before, serving, kept = stack.ids(), stack.get("/version"), stack.service["composeFile"]
    with given(stack) as settings:
        done = stack.invoke("deploy", APP_ENV_VERSION="never", **settings)
    assert_clear(stack, done, code, part)
    assert (stack.ids(), stack.get("/version"), stack.service["composeFile"]) == (before, serving, kept)
    assert not [value for value in settings.values() if value.startswith(("key_", "hidden")) and value in done.text]


def test_what_another_hand_has_changed_is_as_it_was_asked_for_again(stack: OnServer):
    before = stack.ids()
    file = stack.service["composeFile"]
    section = content.sections(file)["redis"]
    stack.service["composeFile"] = file.replace(section, section.replace("    init: true\n", "    init: false\n"))
    stack.service["command"] = "compose version"
    stack.service["env"] += "LEFT_BY_SOMEBODY='x'\n"
    must("rm", "--force", stack.id("objects"))  # and a container is removed
    text = stack.succeed("up")
    assert "redis" in text and "objects" in text
    assert "init: false" not in stack.service["composeFile"] and not stack.service["command"]
    stack.assert_nothing_to_do()
    after = stack.ids()
    # The edit was never deployed: redis is as it was, and taking the edit back costs it nothing.
    assert [name for name in after if after[name] != before[name]] == ["objects"]


def test_a_night_of_dokploys_cleaning_changes_nothing(stack: OnServer):
    before = stack.ids()
    must("container", "prune", "--force", "--filter", f"label=com.docker.compose.project={stack.service['appName']}")
    stack.assert_nothing_to_do()
    assert stack.ids() == before


@pytest.mark.campaign
def test_a_queue_that_is_emptied_while_ours_waits_is_told_and_repaired(stack: OnServer):
    state = stack.server.state
    with load(stack.url, seconds=600, rate=LIGHT) as running:
        stack.server.worker.hold(True)
        run = stack.begin("deploy", APP_ENV_VERSION="waits")
        until(lambda: any(job["state"] == "waiting" for job in state.jobs), "a deployment waits")
        with state.lock:
            effects.clean_queues(state, {"composeId": stack.service["composeId"]})
        stack.server.worker.hold(False)
        assert_clear(stack, run.done(), 9, "the queue was emptied")
        repaired(stack)
    assert running.result.failed == 0, running.result.failures[:5]


@pytest.mark.campaign
def test_a_server_that_is_started_anew_in_the_middle_is_told_or_waited_for(stack: OnServer):
    state = stack.server.state
    with load(stack.url, seconds=600, rate=LIGHT) as running:
        run = stack.begin("deploy", APP_ENV_VERSION="anew")
        until(lambda: any(job["state"] == "active" for job in state.jobs), "a deployment runs")
        stack.server.restart()
        done = run.done()
        if done.code:
            assert_clear(stack, done, 9, "started anew")
        repaired(stack)
    assert running.result.failed == 0, running.result.failures[:5]


@pytest.mark.parametrize("version", sized(VERSIONS[:1], VERSIONS))
@pytest.mark.parametrize(("call", "kind"), sized(SHORT, CUTS))
def test_the_network_is_cut_at_a_call_and_the_next_deploy_repairs(stack: OnServer, call: str, kind: str, version):
    with load(stack.url, seconds=600, rate=LIGHT) as running, other_version(stack, *version):
        stack.server.faults.append(Fault(kind, call))
        done = stack.invoke("deploy", APP_ENV_VERSION="cut")
        assert not stack.server.faults
        if done.code:
            assert_clear(stack, done, 9, call)
        repaired(stack)
    assert running.result.failed == 0, running.result.failures[:5]


def test_a_deploy_that_is_killed_at_any_step_is_put_right(stack: OnServer):
    chosen = random.Random(None if LONG else 7)
    with load(stack.url, seconds=6000, rate=LIGHT) as running:
        for _ in range(sized(3, 60)):
            kill_at(stack, chosen.randint(1, 9))
            stack.succeed("unlock", "--yes")
            repaired(stack)
    assert running.result.failed == 0, running.result.failures[:5]


def kill_at(stack: OnServer, count: int) -> None:
    """Kills a deploy as it begins its step of that number, or lets it end where it has fewer."""
    run = stack.begin("deploy", "--json", APP_ENV_VERSION=f"k{next(number)}")
    for line in run.process.stdout:  # type: ignore[union-attr]
        event = json.loads(line)
        count -= event["event"] == "step" and event["state"] == "started"
        if not count:
            run.process.send_signal(signal.SIGKILL)
            break
    run.process.communicate(timeout=PATIENCE)
