"""A deploy loses no request, a release that fails is undone, and a rollback brings back what was good."""

from __future__ import annotations

import json
import signal

import pytest

from tests.support.campaign import sized
from tests.support.clone import Clone, assert_refused
from tests.support.containers import docker, must
from tests.support.load.generator import FULL, load
from tests.support.releasing import another_image, answers, before_the_lock, deployed, released, releases, version
from tests.support.waiting import until

pytestmark = [pytest.mark.scenario, pytest.mark.long]

DEPLOYS = sized(6, 100)


def test_deploys_under_load_lose_no_request(slow: Clone):
    with load(f"http://127.0.0.1:{slow.port}", seconds=120 * DEPLOYS, rate=FULL) as running:
        for number in range(DEPLOYS):
            slow.succeed("deploy", APP_ENV_VERSION=f"n{number}")
            assert f"n{number}" in version(slow)
    assert running.lasted, running.result.text()
    assert len(running.result.turns) >= DEPLOYS
    assert running.result.failed == 0, running.result.failures[:5]


FAULTS = {"crash-at-start": ("restarts",), "never-ready": ("no answer in 8 s", 'last: 503 {"ready": false')}
# What never becomes ready is waited for to the end: it listens as soon as it can, and is given up sooner.
PATIENT = {"never-ready": {"APP_ENV_BOOT_SECONDS": "0", "APP_BOOT_TIMEOUT": "8"}}


@pytest.mark.parametrize(("fault", "found"), FAULTS.items(), ids=FAULTS)
def test_a_release_that_does_not_become_ready_never_serves(slow: Clone, fault: str, found: tuple[str, ...]):
    before, was = slow.ids()["app"], version(slow)
    done = slow.invoke("deploy", APP_ENV_FAULT=fault, APP_ENV_VERSION=fault, **PATIENT.get(fault, {}))
    assert_refused(done, 6, *found, "last lines of its log", "serves")
    assert slow.ids()["app"] == before and version(slow) == was
    assert releases(slow)[0]["result"] == "failed"


def test_a_release_that_crashes_while_it_is_watched_is_taken_back(slow: Clone):
    before, was = slow.ids()["app"], version(slow)
    done = slow.invoke(
        "deploy", APP_ENV_FAULT="crash-later", APP_ENV_CRASH_AFTER="5", APP_ENV_VERSION="bad", WATCH_SECONDS="20"
    )
    assert_refused(done, 6, "crashed while it was watched", "undone")
    assert slow.ids()["app"] == before and version(slow) == was
    assert releases(slow)[0]["result"] == "rolled_back"


def test_a_release_that_answers_500_while_it_is_watched_is_taken_back(slow: Clone):
    before = slow.ids()["app"]
    with load(f"http://127.0.0.1:{slow.port}", seconds=60):
        done = slow.invoke("deploy", APP_ENV_FAULT="answer-500", APP_ENV_VERSION="bad", WATCH_SECONDS="10")
    assert_refused(done, 6, "answers were 5xx", "undone")
    assert slow.ids()["app"] == before


def test_a_migration_that_fails_leaves_the_old_release_untouched(slow: Clone):
    before = slow.ids()["app"]
    migration = slow.root / "migrations" / "900_bad.up.sql"
    migration.write_text("SELECT no_such_function();\n")
    done = slow.invoke("deploy", APP_ENV_VERSION="bad")
    migration.unlink()
    assert_refused(done, 5, "900_bad.up.sql")
    assert slow.ids()["app"] == before and releases(slow)[0]["result"] == "failed"


def test_an_old_release_that_ignores_sigterm_delays_the_end_and_no_request(slow: Clone):
    slow.succeed("deploy", APP_ENV_FAULT="ignore-sigterm", APP_ENV_VERSION="deaf")
    with load(f"http://127.0.0.1:{slow.port}", seconds=90) as running:
        slow.succeed("deploy", APP_ENV_VERSION="hears")
    assert running.result.failed == 0, running.result.failures[:5]
    assert "hears" in version(slow)


def test_a_restarted_gateway_comes_back_on_the_colour_that_serves(slow: Clone):
    for name in ("one", "two"):
        released(slow, name)
        must("restart", slow.id("gateway"))
        until(lambda name=name: answers(slow, name), f"version {name} answers")


def test_a_rollback_goes_to_the_last_good_release_and_loses_no_request(slow: Clone):
    released(slow, "older")
    older = releases(slow)[0]["id"]
    another_image(slow, "newer")
    released(slow, "older")
    with load(f"http://127.0.0.1:{slow.port}", seconds=60) as running:
        text = slow.succeed("rollback")
    assert older in text and running.result.failed == 0
    assert releases(slow)[0]["target"] == older
    assert_refused(slow.invoke("rollback", "--to", "r9999"), 2, "r9999")


@pytest.mark.campaign
def test_a_second_rollback_goes_further_back_and_not_to_the_bad_release(slow: Clone):
    served = []
    for name in ("first", "second", "bad"):
        another_image(slow, name)
        released(slow, name)
        served.append(releases(slow)[0])
    for earlier in (served[1], served[0]):
        assert f"serves what {earlier['id']} was" in slow.succeed("rollback")
        assert releases(slow)[0]["image_id"] == earlier["image_id"]


@pytest.mark.campaign
def test_a_release_of_which_only_settings_differ_is_no_way_back(slow: Clone):
    another_image(slow, "settings")
    released(slow, "settings-1")
    earlier = releases(slow)[0]["id"]
    released(slow, "settings-2")
    before = slow.ids()["app"]
    assert_refused(slow.invoke("rollback", "--to", earlier), 2, "settings do not come back", "edit .env")
    assert slow.ids()["app"] == before


@pytest.mark.campaign
def test_a_rollback_that_waited_for_a_deploy_decides_by_what_that_left(slow: Clone):
    another_image(slow, "waited-0")
    released(slow, "waited-0")
    another_image(slow, "waited-1")
    released(slow, "waited-1")
    meanwhile, migration = releases(slow)[0]["id"], slow.root / "migrations" / "899_meanwhile.up.sql"
    another_image(slow, "waited-2")
    migration.write_text("CREATE TABLE meanwhile (n int);\n")
    waiting = before_the_lock(slow, "rollback")
    deployed(slow, "waited-2")
    waiting.process.send_signal(signal.SIGUSR1)
    assert_refused(waiting.done(), 5, f"rollback to {meanwhile}", "899_meanwhile.up.sql")
    assert "waited-2" in version(slow)


def test_a_rollback_across_the_schema_is_refused_unless_the_migration_says_that_it_is_compatible(slow: Clone):
    another_image(slow, "schema before")
    released(slow, "before")
    older = releases(slow)[0]["id"]
    another_image(slow, "schema behind")
    migration = slow.root / "migrations" / "901_more.up.sql"
    migration.write_text("CREATE TABLE more (n int);\n")
    released(slow, "behind")
    assert_refused(slow.invoke("rollback", "--to", older), 5, "901_more.up.sql", "the schema has moved")
    slow.sql(
        "DELETE FROM slipway.history WHERE version = 901; DROP TABLE more; "
        "UPDATE schema_migrations SET version = (SELECT max(version) FROM slipway.history)"
    )
    migration.write_text("-- slipway: compatible\nCREATE TABLE more (n int);\n")
    deployed(slow, "compatible")
    slow.succeed("rollback", "--to", older)


def test_a_deploy_that_only_migrates_is_on_record_and_can_be_gone_back_to(slow: Clone):
    another_image(slow, "only migrates")
    released(slow, "only-migrates")
    image = releases(slow)[0]["image_id"]
    migration = slow.root / "migrations" / "902_alone.up.sql"
    migration.write_text("CREATE TABLE alone (n int);\n")
    before = slow.ids()["app"]
    told = json.loads(slow.succeed("deploy", "--json", BACKUP_BEFORE_MIGRATE="verify").splitlines()[-1])
    record = releases(slow)[0]
    assert told["since_migration"] == record["since_migration"]
    assert record["since_migration"]["failed"] == record["since_migration"]["unanswered"] == 0
    assert (record["result"], record["schema_after"], slow.ids()["app"]) == ("good", 902, before)
    assert slow.sql("SELECT release FROM slipway.history WHERE version = 902") == record["id"]
    assert record["backup"] in slow.succeed("backups.list")
    another_image(slow, "after it migrated")
    deployed(slow, "after-it-migrated")
    slow.succeed("rollback", "--to", record["id"])
    assert releases(slow)[0]["image_id"] == image


@pytest.mark.campaign
def test_images_beyond_the_last_good_releases_go_and_the_last_good_one_can_be_gone_back_to(slow: Clone):
    slow.settle(KEEP_RELEASES="2")
    made = []
    for number in range(4):
        another_image(slow, f"kept {number}")
        released(slow, f"kept-{number}")
        made.append(releases(slow)[0])
    there = [docker("image", "inspect", each["image"]).returncode == 0 for each in made]
    assert there == [False, False, True, True]
    slow.succeed("rollback")
    assert releases(slow)[0]["image_id"] == made[2]["image_id"]
    slow.forget("KEEP_RELEASES")
