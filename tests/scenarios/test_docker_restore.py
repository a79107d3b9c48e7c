"""Backups on real containers that outlast everything else, and restores from them."""

from __future__ import annotations

import json

import pytest

from tests.scenarios.test_docker_maintenance import asked
from tests.support.clone import Clone, assert_refused
from tests.support.containers import docker, must
from tests.support.waiting import until

pytestmark = pytest.mark.scenario

HASH = "SELECT count(*) || ' ' || sum(('x' || substr(md5(tasks::text), 1, 15))::bit(60)::bigint) FROM tasks"
CANCEL = (
    "SELECT pg_cancel_backend(pid) FROM pg_stat_activity "
    "WHERE query LIKE '%pg_sleep(600)%' AND state = 'active' AND pid <> pg_backend_pid()"
)


def told(text: str) -> dict:
    """The last event of a command with --json."""
    return json.loads(text.splitlines()[-1])


def test_a_destroyed_stack_is_the_same_again_from_its_backup(own: Clone):
    """The newcomer's path: rows and objects, a backup, the volumes gone, a new stack, a restore, the same answers."""
    before, page = own.sql(HASH), own.get("/api/v1/tasks?limit=100")
    name = told(own.succeed("backup", "--contents", "--json"))["id"]
    assert "is proven" in own.succeed("backups.drill")
    own.succeed("down", "--volumes", "--yes")
    own.succeed("up")
    assert own.sql(HASH) != before
    assert_refused(own.invoke("restore", name), 2, "--yes")
    text = own.succeed("restore", name, "--yes")
    assert "as its manifest says" in text and "1 put back" in text
    assert own.sql(HASH) == before and own.get("/api/v1/tasks?limit=100") == page
    own.assert_data()
    own.get("/api/v1/tasks")  # the front door is open
    assert "slipway_before_restore_" in own.succeed("restore", "--drop-old")
    own.assert_nothing_to_do()


def redis(own: Clone, *words: str) -> str:
    cli = ("sh", "-c", 'REDISCLI_AUTH="$REDIS_PASSWORD" exec redis-cli -e "$@"', "redis-cli")
    return must("exec", own.id("redis"), *cli, *words).strip()


def test_redis_goes_back_to_what_it_held_and_forth_again(own: Clone):
    redis(own, "SET", "session", "of then")
    name = told(own.succeed("backup", "--only", "redis", "--json"))["id"]
    redis(own, "SET", "session", "of now")
    redis(own, "SET", "newer", "1")
    server = own.id("redis")
    assert_refused(own.invoke("restore", name, "--only", "redis"), 2, "--only redis --yes")
    done = told(own.succeed("restore", name, "--only", "redis", "--yes", "--json"))
    assert redis(own, "GET", "session") == "of then" and redis(own, "EXISTS", "newer") == "0"
    must("kill", server)
    must("start", server)
    until(
        lambda: docker("exec", server, "sh", "-c", 'REDISCLI_AUTH="$REDIS_PASSWORD" redis-cli -e PING').returncode == 0,
        "redis is back",
    )
    assert redis(own, "GET", "session") == "of then"
    own.succeed("restore", done["redis"]["before"], "--only", "redis", "--yes")
    assert redis(own, "GET", "session") == "of now" and redis(own, "GET", "newer") == "1"
    redis(own, "SET", "writes", "are taken")
    own.assert_data()
    own.assert_nothing_to_do()


def test_nobody_is_served_while_the_database_is_replaced_and_everybody_after_a_failure(own: Clone):
    name = told(own.succeed("backup", "--json"))["id"]
    mask = own.root / "mask.sql"
    mask.write_text("select 1;\nselect pg_sleep(600);\n")
    running = own.begin("restore", name, "--yes", "--mask", str(mask))
    until(lambda: asked(own, "/")[0] == 503, "the front door is closed")
    until(lambda: own.sql(CANCEL) == "t", "the mask is given up")
    assert_refused(running.done(), 7, "mask.sql:2", "canceling statement")
    own.get("/api/v1/tasks")  # the front door is open
    own.assert_data()


def test_a_killed_restore_leaves_the_live_database_and_the_next_one_opens_the_front_door(own: Clone):
    name = told(own.succeed("backup", "--json"))["id"]
    mask = own.root / "mask.sql"
    mask.write_text("select pg_sleep(600);\n")
    running = own.begin("restore", name, "--yes", "--mask", str(mask))
    until(
        lambda: (
            own.sql(
                "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND state = 'active' "
                "AND pid <> pg_backend_pid()"
            )
            == "1"
        ),
        "the mask runs",
    )
    running.process.kill()
    running.done()
    assert asked(own, "/")[0] == 503
    own.assert_data()
    must("restart", "--time", "0", own.id("ops"))  # what still runs there belongs to the killed command
    until(lambda: own.invoke("restore", name, "--yes", "--drop-old").code == 0, "the lock of the killed one is let go")
    own.get("/api/v1/tasks")  # the front door is open
    own.assert_data()
    assert own.sql("SELECT count(*) FROM pg_database WHERE datname ~ '_restore_'") == "0"


def test_a_backup_of_another_environment_is_masked_before_anybody_sees_it(own: Clone):
    name = told(own.succeed("backup", "--json"))["id"]
    own.succeed("backups.get", name, "--to", str(own.root / "taken"))
    mask = own.root / "mask.sql"
    mask.write_text("update tasks set title = 'masked';\n")
    own.succeed("restore", "--from-dir", str(own.root / "taken" / name), "--mask", str(mask), "--yes", "--drop-old")
    assert own.sql("SELECT count(DISTINCT title) FROM tasks") == "1"
    assert (
        must("exec", own.id("ops"), "sh", "-c", "ls -A /var/lib/slipway-backups | grep -c from || true").strip() == "0"
    )
    own.succeed("restore", name, "--into", "beside")
    assert (
        must(
            "exec",
            own.id("postgres"),
            "psql",
            "-XAt",
            "-U",
            "postgres",
            "-d",
            "beside",
            "-c",
            f"SELECT count(*) FROM tasks WHERE title = '{own.project}'",
        ).strip()
        == "1"
    )
