"""Backups of a whole embedded stack, as they are typed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest

from slipway.data import mirror
from slipway.data.backups import verify
from tests.support.our_migrations import NEWEST
from tests.support.waiting import until
from tests.support.working_copy import WorkingCopy


def told(copy: WorkingCopy, *words: str, **env: str) -> dict:
    done = copy.invoke(*words, "--json", **env)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_taken_listed_verified_fetched_and_kept_when_the_data_is_deleted(running: WorkingCopy, tmp_path) -> None:
    running.write_row("kept")
    made = told(running, "backup", "--label", "two words", "--contents")
    assert made["tables"]["public.tasks"]["hash"] and made["label"] == "two words"
    told(running, "backups.verify", made["id"], "--all")
    told(running, "backups.get", made["id"], "--to", str(tmp_path))
    assert verify.problems(tmp_path / made["id"]) == []
    assert mirror.find_missing(tmp_path / made["id"], tmp_path / "objects") == []
    assert running.invoke("down", "--volumes", "--yes").returncode == 0
    running.up()
    assert made["id"] in [each["id"] for each in told(running, "backups.list")["backups"]]
    told(running, "backups.verify", made["id"])


def test_quiet_says_the_id_alone_and_the_parts_can_be_chosen(running: WorkingCopy) -> None:
    done = running.invoke("backup", "--quiet", "--only", "db")
    assert re.fullmatch(r"\d{8}T\d{6}Z(-\d+)?\n", done.stdout) and done.stderr == ""
    assert told(running, "backups.list")["backups"][0]["parts"] == ["database"]
    for words, text in (
        (("backup", "--only", "rows"), "db, objects, redis"),
        (("backups.check", "--max-age", "soon"), "26h"),
    ):
        refused = running.invoke(*words)
        assert refused.returncode == 2 and text in refused.stderr


def test_redis_alone_is_backed_up_held_to_its_manifest_and_put_back(running: WorkingCopy) -> None:
    name = told(running, "backup", "--only", "redis")["id"]
    assert told(running, "backups.verify", name)["id"] == name
    done = told(running, "restore", name, "--only", "redis", "--yes")
    assert done["redis"]["before"] != name and running.is_well()
    drilled = running.invoke("backups.drill", name)
    assert drilled.returncode == 7 and f"./invoke backups.verify {name}" in drilled.stderr


def test_check_is_8_until_a_drill_has_proven_one(running: WorkingCopy) -> None:
    told(running, "backup", BACKUP_DRILL="always")
    assert told(running, "backups.check", "--max-age", "1h")["age"] < 600
    done = running.invoke("backups.check", "--max-age", "1s")
    assert done.returncode == 8 and "old" in done.stderr


def test_the_live_database_as_sql_is_written_whole_or_not_at_all(running: WorkingCopy, tmp_path) -> None:
    running.write_row("in the file")
    path = tmp_path / "all.sql"
    assert told(running, "dump", "--sql", "--to", str(path))["bytes"] == path.stat().st_size
    assert "in the file" in path.read_text()
    again = running.invoke("dump", "--sql", "--to", str(path))
    assert again.returncode == 2 and "is there already" in again.stderr
    none = running.invoke("dump", "--sql", "--to", str(tmp_path / "no" / "such" / "place.sql"))
    assert none.returncode == 2 and sorted(each.name for each in tmp_path.iterdir()) == ["all.sql"]


def test_a_schedule_comes_and_goes_and_nothing_else_is_restarted(running: WorkingCopy) -> None:
    before = running.pids
    running.set(BACKUP_SCHEDULE="0 0 1 1 *")
    try:
        running.up()
        with_schedule = running.pids
        assert with_schedule.pop("schedule") and with_schedule == before
        status = running.invoke("status").stdout
        assert re.search(r"schedule +running", status) and "-01-01 00:00 UTC" in status
        assert running.invoke("up").stdout.count("Nothing to do") == 1
    finally:
        running.set(BACKUP_SCHEDULE="")
        running.up()
    assert {name: pid for name, pid in running.pids.items() if name != "schedule"} == before
    until(
        lambda: not [each for each in running.processes() if "slipway.ops.scheduler" in each.cmdline()],
        "its process is gone",
    )


@pytest.fixture
def pending(running: WorkingCopy) -> Iterator[WorkingCopy]:
    """The running copy with a migration that it has not had; it is taken back afterwards."""
    pair = [running.root / "migrations" / f"900_more.{way}.sql" for way in ("up", "down")]
    pair[0].write_text("CREATE TABLE more (id int);")
    pair[1].write_text("DROP TABLE more;")
    try:
        yield running
    finally:
        if migrated(running):
            running.invoke("db.rollback")
        for path in pair:
            path.unlink()


def migrated(copy: WorkingCopy) -> bool:
    return copy.psql("select to_regclass('more') is not null") == "True"


def test_a_migration_is_preceded_by_a_backup_where_that_is_wanted(pending: WorkingCopy) -> None:
    assert "backup" not in pending.invoke("plan").stdout
    pending.up(BACKUP_BEFORE_MIGRATE="verify")
    newest = told(pending, "backups.list")["backups"][0]
    assert (newest["kind"], newest["schema_version"]) == ("deploy", NEWEST) and "900_more" in newest["label"]


def test_nothing_is_migrated_where_the_backup_before_it_is_damaged(pending: WorkingCopy) -> None:
    """An object's bytes rot here; the next backup names them again, since the store has the same object still."""
    pending.store().put_object(
        Bucket=pending.store().list_buckets()["Buckets"][0]["Name"], Key="kept.txt", Body=b"bytes"
    )
    told(pending, "backup")
    for path in (pending.root / "backups" / "local" / "objects").glob("??/*"):
        path.write_bytes(b"?" * path.stat().st_size)
    done = pending.invoke("up", BACKUP_BEFORE_MIGRATE="verify")
    assert done.returncode == 8 and "kept.txt" in done.stderr and "./invoke backup" in done.stderr, (
        done.stdout + done.stderr
    )
    assert not migrated(pending) and pending.get("/ready")
    pending.up(BACKUP_BEFORE_MIGRATE="verify")  # what had rotten was set aside, and is read anew
    assert migrated(pending)


def test_nothing_is_migrated_where_the_drill_before_it_fails(pending: WorkingCopy) -> None:
    """A check whose function finds its table by the search path: pg_dump writes it, and no pg_restore can fill its table."""
    pending.psql(
        "create table known (id int); insert into known values (1); create function knows(int) returns boolean "
        "language sql as 'select exists (select from known where id = $1)'; "
        "create table asks (id int check (knows(id))); insert into asks values (1)"
    )
    try:
        done = pending.invoke("up", BACKUP_BEFORE_MIGRATE="drill")
        assert done.returncode == 8 and "asks" in done.stderr, done.stdout + done.stderr
        assert not migrated(pending) and pending.get("/ready")
        drill = told(pending, "backups.list")["backups"][0]["drill"]
        assert [each["name"] for each in drill["checks"] if not each["ok"]] == ["restore"]
    finally:
        pending.psql("drop table asks; drop function knows; drop table known")
