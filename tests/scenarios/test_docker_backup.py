"""Backups on real containers: taken, listed, verified, fetched, kept when the stack and its data go, taken by schedule."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from slipway.data import mirror
from slipway.data.backups import manifest, verify
from tests.support.clone import Clone, assert_refused
from tests.support.containers import must
from tests.support.our_migrations import NEWEST
from tests.support.waiting import until

pytestmark = pytest.mark.scenario

ROT = """
import os, pathlib
for path in pathlib.Path(os.environ["BACKUP_DIR"], "objects").glob("??/*"):
    path.write_bytes(b"?" * path.stat().st_size)
"""


def last(text: str) -> dict:
    return json.loads(text.splitlines()[-1])


def backups(clone: Clone) -> list[dict]:
    return last(clone.succeed("backups.list", "--json"))["backups"]


def test_a_backup_is_taken_listed_verified_and_fetched_whole(own: Clone, tmp_path: Path):
    made = last(own.succeed("backup", "--label", "before lunch", "--contents", "--json"))
    assert made["server_version"].startswith("18") and made["objects"]["buckets"]["app"]["count"] == 1
    listed = {each["id"]: each for each in backups(own)}
    assert listed[made["id"]]["label"] == "before lunch" and not listed[made["id"]]["proven"]
    assert last(own.succeed("backups.verify", made["id"], "--all", "--json"))["read"] is True

    own.succeed("backups.get", made["id"], "--to", str(tmp_path))
    got = tmp_path / made["id"]
    assert verify.problems(got) == [] and mirror.find_missing(got, tmp_path / "objects") == []
    assert manifest.read(got)["tables"]["public.tasks"]["rows"] == int(own.sql("SELECT count(*) FROM tasks"))
    assert_refused(own.invoke("backups.get", made["id"], "--to", str(tmp_path)), 2, "is there already")
    assert_refused(own.invoke("backups.verify", "20200101T000000Z"), 7, "there is no backup of this name")


def test_no_secret_is_in_a_backup_a_log_or_a_process_list(own: Clone, tmp_path: Path):
    done = own.invoke("backup")
    own.succeed("backups.get", "--to", str(tmp_path))
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    for secret in own.secrets():
        assert secret.encode() not in kept and secret not in done.text
    names = next(tmp_path.glob("2*/env-keys.txt")).read_text().split()
    assert "POSTGRES_PASSWORD" in names and "PROJECT" in names


def test_programs_in_ops_reach_the_server_by_its_socket_and_after_its_restart_too(own: Clone):
    ask = (
        "from slipway.data.postgres import programs as client_tools; from slipway.data import endpoints; import os, subprocess; ends = endpoints.read(dict(os.environ)); "
        "told = client_tools.environment(ends.admin_url, 'ADMIN_DATABASE_URL', 'postgres'); "
        "subprocess.run(['psql', '-qXAtc', 'SELECT inet_client_addr() IS NULL'], env=told, check=True)"
    )
    for _ in range(2):
        until(lambda: must("exec", own.id("ops"), "python3", "-c", ask).strip() == "t", "ops asks by the socket")
        must("kill", own.id("postgres"))
        own.succeed("up")


def test_the_live_database_as_sql_goes_into_psql(own: Clone, tmp_path: Path):
    path = tmp_path / "all.sql"
    own.succeed("dump", "--sql", "--to", str(path))
    assert own.project in path.read_text() and path.stat().st_mode & 0o077 == 0
    assert_refused(own.invoke("dump", "--sql", "--to", str(path)), 2, "is there already")
    own.sql("DROP DATABASE IF EXISTS again")
    own.sql("CREATE DATABASE again TEMPLATE template0")
    into = [
        "docker",
        "exec",
        "-i",
        own.id("postgres"),
        "psql",
        "-qXv",
        "ON_ERROR_STOP=1",
        "-U",
        "postgres",
        "-d",
        "again",
    ]
    done = subprocess.run(into, stdin=path.open("rb"), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    own.sql("DROP DATABASE again")


def test_backups_outlive_the_stack_and_its_data(fresh: Clone):
    fresh.succeed("up")
    fresh.write_data()
    made = last(fresh.succeed("backup", "--json"))["id"]
    said = fresh.succeed("down", "--volumes", "--yes")
    assert fresh.left() == [] and f"{fresh.project}-local-backups" in said
    fresh.succeed("up")
    assert [each["id"] for each in backups(fresh)] == [made]
    fresh.succeed("backups.verify", made, "--all")


def test_a_directory_of_the_machine_can_hold_them(fresh: Clone, tmp_path: Path):
    place = tmp_path / "kept here"
    place.mkdir()
    place.chmod(0o777)
    fresh.settle(BACKUP_DIR=str(place))
    fresh.succeed("up")
    made = last(fresh.succeed("backup", "--json"))["id"]
    assert (place / made / manifest.DUMP).stat().st_size > 0


def test_a_schedule_takes_them_in_ops_and_survives_its_restart(own: Clone):
    before = {each["id"] for each in backups(own)}
    own.settle(BACKUP_SCHEDULE="* * * * *", BACKUP_DRILL="never")
    try:
        own.succeed("up")
        must("restart", own.id("ops"))
        until(
            lambda: [each for each in backups(own) if each["kind"] == "schedule" and each["id"] not in before],
            "a scheduled backup is there",
        )
        standing = last(own.succeed("status", "--json"))
        assert standing["answering"]
    finally:
        own.forget("BACKUP_SCHEDULE", "BACKUP_DRILL")
        own.succeed("up")
    running = must("top", own.id("ops"), "-o", "pid,args").splitlines()[1:]
    assert not [line for line in running if line.split(None, 1)[1].startswith("python3 -m slipway.ops.scheduler")]


def test_a_deploy_with_a_migration_takes_and_proves_one_first_records_it_and_ends_where_it_does_not_hold(own: Clone):
    own.settle(BACKUP_BEFORE_MIGRATE="verify", APP_ENV_ROUND="2")
    migration = own.root / "migrations" / "900_more.up.sql"
    migration.write_text("CREATE TABLE more (id int);")
    (own.root / "migrations" / "900_more.down.sql").write_text("DROP TABLE more;")
    try:
        plan = [
            step["name"] for level in last(own.succeed("deploy", "--dry-run", "--json"))["levels"] for step in level
        ]
        assert plan.index("backup") < plan.index("verify backup") < plan.index("migrate")
        own.succeed("backup")
        must("exec", own.id("ops"), "python3", "-c", ROT)
        # Its bytes have rotted here, and the store has it unchanged: the next backup holds it and cannot give it back.
        before = own.id("app")
        assert_refused(own.invoke("deploy"), 8, "objects/")
        assert own.sql("SELECT to_regclass('more') IS NULL") == "t" and own.id("app") == before
        own.get("/api/v1/tasks")
        own.succeed("deploy")
        record = last(own.succeed("history", "--json"))["releases"][0]
        taken = next(each for each in backups(own) if each["id"] == record["backup"])
        assert (taken["kind"], taken["release"], taken["schema_version"]) == ("deploy", record["id"], NEWEST)
    finally:
        own.succeed("db.rollback")
        for path in (own.root / "migrations").glob("900_*"):
            path.unlink()
        own.forget("BACKUP_BEFORE_MIGRATE")
        own.succeed("up")
