"""The engine itself fails, or its machine: what was written is there, a release serves by itself, the next deploy heals."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import pytest

from slipway.config.settings import Settings
from slipway.errors import ENGINE_FULL as FULL
from slipway.errors import ENGINE_GONE as GONE
from slipway.stack import images
from tests.scenarios import test_docker_registry
from tests.support import clone, own_engine
from tests.support.campaign import sized
from tests.support.clone import Begun, Done, assert_refused
from tests.support.containers import ROOT, container, docker, must
from tests.support.load.generator import load
from tests.support.own_engine import Guest, Machine
from tests.support.releasing import SLOW, answers, at_step, colours, deployed, releases, version
from tests.support.waiting import until

pytestmark = pytest.mark.scenario
BALLAST = 64 * 2**20
REGISTRY = "127.0.0.1:5000"  # of that machine


@pytest.fixture(scope="module")
def machine(engine: None) -> Iterator[Machine]:
    if reason := own_engine.impossible():
        (pytest.fail if os.environ.get("SLIPWAY_REQUIRE_ENGINE") == "1" else pytest.skip)(reason)
    with own_engine.machine() as made:
        yield made


@pytest.fixture(scope="module")
def slow(machine: Machine) -> Iterator[Guest]:
    """A stack that is up on that machine and holds data; each scenario leaves it right."""
    with clone.made(partial(Guest, machine=machine)) as made:
        made.settle(**SLOW | {"APP_ENV_BOOT_SECONDS": "1"})
        made.succeed("up")
        made.write_data()
        made.sql("CREATE TABLE written (step text)")
        yield made


# -- engine and power ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "step", "serves", "result"),
    [
        ("engine killed", "start app", "old", "interrupted"),
        ("power cut", "drain app", "new", "good"),
        *sized(
            [],
            [
                ("engine killed", "stop app", "new", "good"),
                ("power cut", "probe app", "old", "interrupted"),
            ],
        ),
    ],
)
def test_after_a_fault_in_a_deploy_the_right_colour_serves_by_itself_and_the_next_deploy_heals(
    slow: Guest, fault: str, step: str, serves: str, result: str
):
    machine = slow.machine
    end, begin = {
        "engine killed": (machine.kill_engine, machine.start_engine),
        "power cut": (machine.cut_power, machine.boot),
    }[fault]
    run, versions = under_way(slow, step)
    end()
    assert_error(run.done(), GONE[0], GONE[2])
    begin()
    assert_back(slow, step, versions[serves])
    assert_healed(slow, step, result)


def under_way(slow: Guest, step: str) -> tuple[Begun, dict[str, str]]:
    """A deploy that has just begun a step, and its versions, old and new; a row was written before it."""
    versions = {"old": json.loads(version(slow))["version"], "new": f"new at {step}"}
    slow.sql(f"INSERT INTO written VALUES ('{step}')")
    return at_step(slow, step, APP_ENV_VERSION=versions["new"]), versions


def assert_error(done: Done, found: str, then: str) -> None:
    """One clear error that says what was found, and what to type."""
    (error,) = [each for each in map(json.loads, done.text.splitlines()) if each["event"] == "error"]
    assert done.code == 9 and "Traceback" not in done.text
    assert error["found"].startswith(found) and then in error["next"], error


def assert_back(slow: Guest, step: str, right: str) -> None:
    """No command was typed: the right version serves, everything runs, and what was written is there."""
    until(lambda: answers(slow, right), f"{right} serves")
    until(lambda: {"postgres", "redis", "objects", "ops", "app", "gateway"} == set(slow.ids()), "every service runs")
    slow.assert_data()
    assert slow.sql(f"SELECT count(*) FROM written WHERE step = '{step}'") == "1"


def assert_healed(slow: Guest, step: str, result: str) -> None:
    """The next deploy says what it found, and that what was cut short came to this."""
    cut = releases(slow)[0]
    assert cut["result"] == "running", cut
    assert f"found {cut['id']} cut short" in deployed(slow, f"healed at {step}")
    assert {each["id"]: each["result"] for each in releases(slow)}[cut["id"]] == result


# -- disk ------------------------------------------------------------------------------------------------------------


def test_a_disk_that_a_build_fills_up_ends_the_deploy_before_anything_and_what_it_says_to_type_makes_room(slow: Guest):
    context, before = slow.root / SLOW["APP_CONTEXT"], (slow.ids(), releases(slow))
    (context / "ballast").write_bytes(os.urandom(BALLAST))
    recipe = context / "Dockerfile"
    recipe.write_text(recipe.read_text() + "COPY ballast /ballast\n")
    # Enough for the files of the build, and not for the layer that they come to as well.
    with slow.machine.full(but=BALLAST * 3 // 2):
        with load(f"http://127.0.0.1:{slow.port}", seconds=60, prefix=slow.machine.within) as running:
            done = slow.invoke("deploy", APP_ENV_VERSION="ballast")
        assert_refused(done, 9, FULL[0], FULL[2])
        assert slow.machine.free() < BALLAST // 2 and "docker builder prune" in FULL[2]
        must("builder", "prune", "--force")
        assert slow.machine.free() > BALLAST
    assert running.result.failed == 0, running.result.failures[:5]
    assert (slow.ids(), releases(slow)) == before
    deployed(slow, "ballast")


@pytest.mark.campaign
def test_a_disk_that_a_pull_fills_up_ends_the_deploy_before_anything(slow: Guest):
    deployed(slow, "before a pull")
    image = must("inspect", "--format", "{{.Config.Image}}", slow.ids()["app"][0]).strip()
    big = f"{REGISTRY}/shop:big"
    with registry(slow.machine):
        must(
            "build",
            "--quiet",
            "--tag",
            big,
            "-",
            stdin=f"FROM {image}\nRUN head -c {BALLAST} /dev/urandom >/tmp/ballast\n",
        )
        until(lambda: docker("push", "--quiet", big).returncode == 0, "the registry takes it")
        must("image", "rm", "--force", big)
        must("builder", "prune", "--all", "--force")
        before = (slow.ids(), releases(slow))
        with slow.machine.full(but=BALLAST // 2):
            assert_refused(slow.invoke("deploy", APP_IMAGE=big), 9, FULL[0], FULL[2])
        assert (slow.ids(), releases(slow)) == before
        slow.succeed("deploy", APP_IMAGE=big)
        assert releases(slow)[0]["image"] == big
    deployed(slow, "after a pull")


@contextmanager
def registry(machine: Machine) -> Iterator[None]:
    """A registry on that machine. Its image is built on this one, which has a network."""
    build = ["docker", "build", "--quiet", "--tag", test_docker_registry.NAME, "-"]
    recipe = test_docker_registry.REGISTRY.format(base=images.catalogue(ROOT, Settings(images="debian"))["base"].tag)
    subprocess.run(build, env=machine.environ, input=recipe, text=True, check=True, stdout=subprocess.DEVNULL)
    machine.lend([test_docker_registry.NAME])
    with container(test_docker_registry.NAME, "--publish", f"{REGISTRY}:5000"):
        yield


def test_a_deploy_onto_a_full_disk_says_so_and_leaves_the_release_that_serves(slow: Guest):
    before, known = slow.ids()["app"], len(releases(slow))
    with slow.machine.full(but=0):
        with load(f"http://127.0.0.1:{slow.port}", seconds=60, prefix=slow.machine.within) as running:
            # At its lock, or at its container where the lock had just found its place.
            assert_refused(slow.invoke("deploy", APP_ENV_VERSION="cramped"), 9, FULL[0], FULL[2])
        found = slow.invoke("doctor")
    assert running.result.failed == 0, running.result.failures[:5]
    assert found.code == 8 and re.search(r"✗ engine's disk +0.0 GB free", found.text) and FULL[2] in found.text, (
        found.text
    )
    assert slow.ids()["app"] == before and {each["result"] for each in releases(slow)[:-known]} <= {"failed"}
    deployed(slow, "after a full disk")


def test_a_disk_that_fills_up_before_the_switch_has_the_release_undone_and_the_data_side_says_so(slow: Guest):
    if colours(slow) == ["app-green"]:
        deployed(slow, "blue")  # the way to green is the one that takes a file
    # It boots for as long as a busy machine may need to fill a disk.
    before = slow.ids()["app"]
    run = at_step(slow, "probe app", APP_ENV_VERSION="cramped", APP_ENV_BOOT_SECONDS="6")
    with slow.machine.full(but=0):
        done = run.done()
    assert_error(done, "No space left on device; undone: app-blue serves", "./invoke doctor")
    assert slow.ids()["app"] == before
    assert releases(slow)[0]["result"] in ("rolled_back", "running")
    deployed(slow, "after an undone release")


def test_a_migration_that_fills_the_disk_leaves_half_of_nothing_and_the_next_deploy_applies_it(slow: Guest):
    serves, rows = version(slow), 100_000
    (slow.root / "migrations" / "950_big.up.sql").write_text(
        f"CREATE TABLE big AS SELECT repeat('x', 1000) FROM generate_series(1, {rows});\n"
    )
    with slow.machine.full(but=BALLAST // 4):
        assert_refused(slow.invoke("deploy", APP_ENV_VERSION="big"), 5, "950_big", "No space left on device", "serves")
        assert version(slow) == serves
    # Postgres may have ended itself, and be anywhere on its way back.
    deployed(slow, "big")
    slow.assert_data()
    assert slow.sql("SELECT count(*) FROM big") == str(rows)
