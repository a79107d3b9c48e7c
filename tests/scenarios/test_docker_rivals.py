"""Who else is at work during a deploy, and apps that do not behave: one deploy at a time, and the old release stays."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.campaign import sized
from tests.support.clone import Clone, assert_refused
from tests.support.containers import must
from tests.support.load.generator import load
from tests.support.releasing import (
    SLOW,
    another_image,
    at_step,
    colours,
    cut,
    deployed,
    released,
    releases,
    smoke_test,
    version,
)
from tests.support.tree import copy_tree

pytestmark = [pytest.mark.scenario, pytest.mark.long]


# -- who else is at work ---------------------------------------------------------------------------------------------


HELD = """#!/bin/sh
until [ -e let-go ]; do sleep 0.1; done
"""
OTHERS = (("backup",), ("restore", "latest", "--yes"), ("db.migrate", "--wait", "0"))


@contextmanager
def lock_held(slow: Clone, name: str = "holder", **env: str) -> Iterator[None]:
    """A deploy that has the lock while the block runs, and then goes on to its end."""
    hook, sign = slow.root / "hooks" / "pre-deploy", slow.root / "let-go"
    hook.write_text(HELD)
    hook.chmod(0o755)
    run = at_step(slow, "hook pre-deploy", APP_ENV_VERSION=name, HOOK_TIMEOUT="300", **env)
    try:
        yield
    finally:
        sign.touch()
        done = run.done()
        hook.unlink()
        sign.unlink()
    assert done.code == 0, done.text


@pytest.mark.campaign
def test_of_two_deploys_from_two_clones_one_waits_and_both_are_on_record(slow: Clone, tmp_path: Path):
    released(slow, "clones-0")
    copy_tree(tmp_path)
    shutil.copy(slow.root / ".env", tmp_path / ".env")
    second = Clone(tmp_path, slow.project, slow.port)
    with lock_held(slow, "clone-one"):
        assert_refused(second.invoke("deploy", APP_ENV_VERSION="clone-two"), 3, "held by", "deploy")
        waiting = second.begin("deploy", "--wait", "300", APP_ENV_VERSION="clone-two")
    assert waiting.done().code == 0
    assert "clone-two" in version(slow) and [each["result"] for each in releases(slow)[:2]] == ["good", "good"]
    deployed(slow, "clones-1")


def test_while_a_deploy_is_under_way_whatever_else_would_change_the_data_is_told_who_is_at_work(slow: Clone):
    released(slow, "before-holder")
    with lock_held(slow):
        for words in OTHERS:
            assert_refused(slow.invoke(*words), 3, "held by", "deploy", "./invoke unlock")
        assert_refused(
            slow.invoke("unlock"), 2, "is held by", "deploy", "It lets go by itself", "./invoke unlock --yes"
        )
    assert "holder" in version(slow)


def test_a_lock_whose_client_died_before_it_started_is_taken_over(slow: Clone):
    name, image = f"{slow.project}-local-lock", must("inspect", "--format", "{{.Image}}", slow.id("ops"))
    must("create", "--name", name, "--label", "slipway.lock.by=nobody", image, "sleep", "600")
    assert_refused(slow.invoke("deploy", APP_ENV_VERSION="late"), 3, "held by nobody")
    slow.succeed("deploy", "--wait", "90", APP_ENV_VERSION="late")
    assert "late" in version(slow)


def test_a_deploy_that_was_not_heard_for_too_long_does_nothing_to_what_another_one_made(slow: Clone):
    released(slow, "lock-0")
    run = at_step(slow, "probe app", APP_ENV_VERSION="sleeper")
    run.process.send_signal(signal.SIGSTOP)
    slow.succeed("unlock", "--yes")
    deployed(slow, "taken-over")
    before = slow.ids()
    run.process.send_signal(signal.SIGCONT)
    done = run.done()
    assert done.code == 3 and "lost" in done.text and "nothing more was done" in done.text, done.text
    assert slow.ids() == before and "taken-over" in version(slow)
    assert releases(slow)[0]["result"] == "good"
    deployed(slow, "after-sleeper")


@pytest.mark.parametrize("skew", sized(["+3h"], ["-3h", "+3h"]))
def test_a_client_whose_clock_is_wrong_deploys_is_waited_for_and_is_on_record_at_the_right_time(slow: Clone, skew: str):
    begun = datetime.now(UTC)
    released(slow, "clocks-agree")
    with lock_held(slow, f"clock{skew}", **wrong_clock(skew)):
        refused = slow.invoke("deploy")
        assert_refused(refused, 3, "held by", "deploy")
    assert f"clock{skew}" in version(slow)
    since = datetime.fromisoformat(re.search(r"since (\S+ \S+) UTC", refused.text)[1]).replace(tzinfo=UTC)
    assert begun.replace(microsecond=0) <= since <= datetime.now(UTC)
    slow.succeed("deploy")
    newest, before = releases(slow)[:2]
    assert before["config"] != newest["config"] and newest["result"] == before["result"] == "good"
    assert timedelta() <= datetime.fromisoformat(before["when"]) - begun.replace(microsecond=0) < timedelta(minutes=5)
    assert before["seconds"] < 3600  # not the hours by which its clock is wrong


def wrong_clock(skew: str) -> dict[str, str]:
    """The environment of a process that is told another time, but no other pace."""
    library = next((str(path) for path in Path("/usr/lib").glob("*/faketime/libfaketime.so.1")), "")
    assert library, "libfaketime is there: apt-get install faketime"
    return {"LD_PRELOAD": library, "FAKETIME": skew, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}


@pytest.mark.campaign
def test_settings_that_change_while_a_deploy_runs_come_with_the_next_one(slow: Clone):
    slow.settle(APP_ENV_VERSION="planned")
    run = at_step(slow, "record")
    slow.settle(APP_ENV_VERSION="changed-meanwhile")
    assert run.done().code == 0 and "planned" in version(slow)
    assert "environment: VERSION" in slow.succeed("plan")
    deployed(slow, "changed-meanwhile")


def test_settings_that_change_between_plan_and_deploy_are_those_that_are_deployed(slow: Clone):
    slow.settle(APP_ENV_VERSION="as-planned")
    assert "start app" in slow.succeed("plan")
    slow.settle(APP_ENV_VERSION="as-it-is")
    slow.succeed("deploy")
    assert "as-it-is" in version(slow)


# -- apps that do not behave -----------------------------------------------------------------------------------------


def test_a_release_that_answers_500_fails_its_smoke_test_and_is_taken_back(slow: Clone):
    released(slow, "sound")
    before, test = slow.ids()["app"], smoke_test(slow, 200)
    done = slow.invoke("deploy", SMOKE_COLLECTION=test, APP_ENV_FAULT="answer-500", APP_ENV_VERSION="bad")
    assert_refused(done, 6, "500", "undone")
    assert slow.ids()["app"] == before and releases(slow)[0]["result"] == "rolled_back"
    slow.succeed("deploy", SMOKE_COLLECTION=test, APP_ENV_VERSION="proven")
    assert "proven" in version(slow)


def test_a_release_that_is_taken_back_under_load_answers_what_has_reached_it(slow: Clone):
    released(slow, "before-undo")
    before, test = slow.ids()["app"], smoke_test(slow, 418)
    with load(f"http://127.0.0.1:{slow.port}", seconds=90) as running:
        done = slow.invoke("deploy", SMOKE_COLLECTION=test, APP_ENV_VERSION="undone")
    assert_refused(done, 6, "418", "undone")
    assert slow.ids()["app"] == before and len(running.result.turns) >= 2
    assert any(sample.kind == "slow" and sample.status == 200 for sample in running.result.samples)
    assert running.result.failed == 0, running.result.failures[:5]


@pytest.mark.campaign
def test_a_deploy_that_only_migrates_ends_with_its_smoke_test(slow: Clone):
    released(slow, "before-smoke")
    before = slow.ids()["app"]
    (slow.root / "migrations" / "903_smoked.up.sql").write_text("CREATE TABLE smoked (n int);\n")
    assert_refused(slow.invoke("deploy", SMOKE_COLLECTION=smoke_test(slow, 418)), 6, "smoke test", "418")
    record = releases(slow)[0]
    assert (record["result"], record["schema_after"], slow.ids()["app"]) == ("failed", 903, before)
    deployed(slow, "after-smoke")


@pytest.mark.parametrize(
    ("status", "serves", "result"),
    sized([(418, "old", "interrupted")], [(200, "new", "good"), (418, "old", "interrupted")]),
)
def test_a_release_that_was_cut_short_before_its_smoke_test_is_proven_by_the_next_deploy_or_undone(
    slow: Clone, status: int, serves: str, result: str
):
    versions = {"old": f"old-{status}", "new": f"new-{status}"}
    released(slow, versions["old"])
    # Long enough to be killed in: one that fails at once would be undone before the signal is there.
    slow.settle(SMOKE_COLLECTION=smoke_test(slow, status, begins=("/slow", "/slow", "/slow")))
    with load(f"http://127.0.0.1:{slow.port}", seconds=90) as running:
        cut(slow, "smoke test", signal.SIGKILL, APP_ENV_VERSION=versions["new"])
        identity = releases(slow)[0]["id"]
        text = slow.succeed("deploy", APP_ENV_VERSION=versions[serves])
    slow.forget("SMOKE_COLLECTION")
    assert f"found {identity} cut short" in text and "smoke test" in text
    assert versions[serves] in version(slow) and len(colours(slow)) == 1
    assert {each["id"]: each["result"] for each in releases(slow)}[identity] == result
    assert running.result.failed == 0, running.result.failures[:5]
    deployed(slow, f"after-{status}")


def test_a_new_release_that_ignores_sigterm_is_ended_when_it_is_undone(slow: Clone):
    released(slow, "before-deaf")
    run = at_step(slow, "probe app", APP_ENV_FAULT="ignore-sigterm", APP_ENV_VERSION="deaf", APP_ENV_BOOT_SECONDS="60")
    run.process.send_signal(signal.SIGINT)
    assert run.done().code == 130
    assert len(colours(slow)) == 1 and "before-deaf" in version(slow)


# -- what an image says of itself ------------------------------------------------------------------------------------


def declare(slow: Clone, schema: str) -> None:
    """The app's next image says that it reads these versions of the schema."""
    dockerfile = slow.root / SLOW["APP_CONTEXT"] / "Dockerfile"
    kept = [line for line in dockerfile.read_text().splitlines() if not line.startswith("LABEL slipway.schema")]
    dockerfile.write_text("\n".join([*kept, f'LABEL slipway.schema="{schema}"']) + "\n")


def test_an_image_that_declares_which_schema_it_reads_is_held_to_it_and_gone_back_to_within_it(slow: Clone):
    released(slow, "undeclared")
    now, before = releases(slow)[0]["schema_after"], slow.ids()["app"]
    declare(slow, str(now - 1))
    assert_refused(slow.invoke("deploy"), 5, f"slipway.schema says {now - 1}, and the schema will be at {now}")
    assert slow.ids()["app"] == before
    declare(slow, f"{now}-")
    deployed(slow, "declared")
    older = releases(slow)[0]
    # No word of its being compatible: the release of then has said so.
    (slow.root / "migrations" / f"{now + 1}_declared.up.sql").write_text("CREATE TABLE declared (n int);\n")
    another_image(slow, "behind what was declared")
    released(slow, "behind")
    assert f"serves what {older['id']} was" in slow.succeed("rollback")
    assert (older["accepts"], releases(slow)[0]["image_id"]) == (f"{now}-", older["image_id"])


def test_an_image_can_be_found_by_the_revision_it_was_built_from(slow: Clone):
    who = ("-c", "user.name=t", "-c", "user.email=t@example.invalid")
    for words in (("init", "--quiet"), ("add", "--all"), (*who, "commit", "--quiet", "--message", "all")):
        subprocess.run(["git", "-C", slow.root, *words], check=True)
    another_image(slow, "not committed")
    try:
        deployed(slow, "by-revision")
        record = releases(slow)[0]
        assert record["revision"].endswith("-dirty")
        assert record["tags"] == [f"{record['image'].rpartition(':')[0]}:{record['revision']}"]
        assert must("image", "inspect", "--format", "{{.Id}}", record["tags"][0]) == record["image_id"]
    finally:
        shutil.rmtree(slow.root / ".git")
