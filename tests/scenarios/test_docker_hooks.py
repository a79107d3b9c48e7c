"""hooks/on-failure hears of every way to fail, also of those that come before the lock, the record, or the engine."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.support import clone
from tests.support.clone import Clone, assert_refused
from tests.support.containers import must
from tests.support.waiting import until

pytestmark = pytest.mark.scenario

HOOK = """#!/bin/sh
cat >> heard; echo >> heard
"""


@pytest.fixture(scope="module")
def hooked(engine: None) -> Iterator[Clone]:
    """A stack whose hook keeps the records that it is told."""
    with clone.made() as made:
        made.settle(APP_CONTEXT="tests/scenarios/apps/slow", APP_ENV_BOOT_SECONDS="0", GATE_TIMEOUT="10")
        hook(made, "on-failure", HOOK)
        made.succeed("up")
        yield made


def hook(hooked: Clone, name: str, text: str) -> None:
    path = hooked.root / "hooks" / name
    path.write_text(text)
    path.chmod(0o755)


def heard(hooked: Clone) -> dict:
    """The one record that the hook was told, which is then forgotten."""
    (line,) = (hooked.root / "heard").read_text().splitlines()
    (hooked.root / "heard").unlink()
    return json.loads(line)


def test_a_build_that_fails_is_told(hooked: Clone):
    dockerfile = hooked.root / "tests/scenarios/apps/slow/Dockerfile"
    whole, before = dockerfile.read_text(), hooked.ids()
    dockerfile.write_text(whole + "RUN exit 7\n")
    assert_refused(hooked.invoke("deploy"), 9, "image")
    dockerfile.write_text(whole)
    record = heard(hooked)
    assert (record["id"], record["result"], record["stack"]) == (None, "failed", f"{hooked.project}-local")
    assert "app" in record["error"]["where"] and hooked.ids() == before


def test_a_lock_that_is_held_is_told(hooked: Clone):
    holder = hooked.begin("deploy", APP_ENV_VERSION="held", APP_ENV_BOOT_SECONDS="6")
    until(lambda: f"{hooked.project}-local-lock" in must("ps", "--format", "{{.Names}}"), "the lock is held")
    assert_refused(hooked.invoke("deploy", APP_ENV_VERSION="second"), 3, "held by")
    assert heard(hooked)["error"]["kind"] == "lock"
    assert holder.done().code == 0


def test_a_failing_pre_deploy_stops_the_deploy_and_is_told_with_its_record(hooked: Clone):
    before = hooked.ids()["app"]
    hook(hooked, "pre-deploy", "#!/bin/sh\necho not today\nexit 1\n")
    assert_refused(hooked.invoke("deploy", APP_ENV_VERSION="vetoed"), 4, "hooks/pre-deploy", "not today")
    (hooked.root / "hooks" / "pre-deploy").unlink()
    record = heard(hooked)
    assert record["id"].startswith("r") and record["result"] == "failed" and hooked.ids()["app"] == before


def test_a_release_that_was_undone_is_told_after_it_was(hooked: Clone):
    done = hooked.invoke("deploy", APP_ENV_FAULT="crash-at-start", APP_ENV_VERSION="bad")
    assert_refused(done, 6, "restarts")
    record = heard(hooked)
    assert "undone: app-" in record["error"]["found"] and record["error"]["log"]


def test_an_app_that_writes_down_its_environment_as_it_crashes_tells_nobody_its_secrets(hooked: Clone):
    """The log itself has them, and whoever reads that at the engine; nothing of ours hands them on."""
    values = {
        "PLAIN_TOKEN": "cAnArY-plain-8wX",
        "QUOTED_SECRET": r"cAnArY \"q\" ö/%'+",
        "MONGO": "mongodb://me:cAnArY-in-url@db",
    }
    settings = {f"APP_ENV_{key}": value for key, value in values.items()}
    told = {"APP_ENV_FAULT": "tell-all", **settings}
    done = hooked.invoke("deploy", **told)
    assert_refused(done, 6, "restarts", "cannot connect: postgresql://slipway_app:•••@")
    record = heard(hooked)
    assert "refused •••" in str(record["error"]["log"])
    after = hooked.invoke("deploy", "--json", **told)
    assert after.code == 6
    said = [done.text, str(record), after.text, json.dumps(heard(hooked), ensure_ascii=False)]
    said += [hooked.succeed("history", "--json"), hooked.succeed("logs"), hooked.succeed("status", "--json")]
    secrets = ("cAnArY", *(each for each in hooked.secrets() if len(each) > 3), *values.values())
    found = {secret for secret in secrets for text in said if secret in text}
    assert found == set()


def test_an_engine_that_does_not_answer_is_told(hooked: Clone):
    assert_refused(hooked.invoke("deploy", DOCKER_HOST="tcp://127.0.0.1:9"), 9, "no answer")
    assert heard(hooked)["error"]["kind"] == "engine"


def test_a_rollback_that_cannot_be_is_told(hooked: Clone):
    assert_refused(hooked.invoke("rollback", "--to", "r9999"), 2, "r9999")
    assert heard(hooked)["kind"] == "rollback"


def test_what_succeeds_or_only_looks_is_not_told(hooked: Clone):
    hooked.succeed("deploy")
    hooked.succeed("deploy", "--dry-run")
    hooked.invoke("deploy", "--dry-run", DOCKER_HOST="tcp://127.0.0.1:9")
    assert not (hooked.root / "heard").exists()
