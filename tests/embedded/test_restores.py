"""Restores of a whole embedded stack, as they are typed."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.support.waiting import PATIENCE, until
from tests.support.working_copy import WorkingCopy


@pytest.fixture
def staging(running: WorkingCopy) -> Iterator[WorkingCopy]:
    """A second environment of the same clone, up beside the first."""
    made = replace(running, on="staging", env={})
    assert made.invoke("init").returncode == 0
    try:
        made.up()
        yield made
    finally:
        down = made.invoke("down", "--volumes", "--yes", "slipway-staging")
    assert down.returncode == 0, down.stderr


def backup(copy: WorkingCopy) -> str:
    done = copy.invoke("backup", "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])["id"]


def test_a_stack_whose_data_was_deleted_is_the_same_again_from_its_backup(running: WorkingCopy) -> None:
    running.write_row("kept")
    before, name = running.titles(), backup(running)
    assert running.invoke("backups.drill", name).returncode == 0
    assert running.invoke("down", "--volumes", "--yes").returncode == 0
    running.up()
    assert running.titles() != before
    refused = running.invoke("restore", name)
    assert refused.returncode == 2 and "--yes" in refused.stderr and running.titles() != before
    done = running.invoke("restore", name, "--yes", "--drop-old")
    assert done.returncode == 0, done.stderr
    assert running.titles() == before and running.is_well()
    assert running.psql("select count(*) from pg_database where datname ~ '_restore_'") == "0"


def test_an_interrupted_restore_leaves_the_database_as_it_was_and_the_app_back(running: WorkingCopy) -> None:
    running.write_row("there")
    name = backup(running)
    running.write_row("since")
    before = running.titles()
    mask = running.root / "mask.sql"
    mask.write_text("select pg_sleep(600);\n")
    child = running.start("restore", name, "--yes", "--mask", str(mask))
    until(
        lambda: (
            running.psql(
                "select count(*) from pg_stat_activity where query like '%pg_sleep(600)%' and state = 'active' "
                "and pid <> pg_backend_pid()"
            )
            == "1"
        ),
        "the mask runs",
    )
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=PATIENCE)
    assert child.returncode == 130 and "Traceback" not in out + err, out + err
    until(running.is_well, "the app is back")
    assert running.titles() == before
    mask.write_text("update tasks set title = 'masked';\n")
    done = running.invoke("restore", name, "--yes", "--mask", str(mask), "--drop-old")
    assert done.returncode == 0 and "cut short, dropped" in done.stdout, done.stdout + done.stderr
    assert running.titles() == {"masked"}
    assert running.psql("select count(*) from pg_database where datname ~ '_restore_'") == "0"


def test_a_database_is_not_replaced_where_its_objects_could_not_be_put_back(running: WorkingCopy) -> None:
    kept = {"Bucket": running.store().list_buckets()["Buckets"][0]["Name"], "Key": "kept.txt"}
    running.store().put_object(**kept, Body=b"of then")
    running.write_row("then")
    name = backup(running)
    running.write_row("since")
    before = running.titles()
    running.store().delete_object(**kept)
    for path in (running.root / "backups" / "local" / "objects").glob("??/*"):
        path.unlink()
    done = running.invoke("restore", name, "--yes")
    assert done.returncode == 7 and "kept.txt" in done.stderr and "backups.fetch" in done.stderr, (
        done.stdout + done.stderr
    )
    assert running.titles() == before and running.is_well()


def test_unknown_backups_and_one_that_does_not_hold_have_their_exit_codes(running: WorkingCopy) -> None:
    name = backup(running)
    dump = running.root / "backups" / "local" / name / "database.dump"
    dump.write_bytes(dump.read_bytes()[:-100])
    before = running.titles()
    for words, code, text in (
        (("restore", "20200101T000000Z", "--yes"), 7, "there is no backup of this name"),
        (("restore", name, "--yes"), 8, "database.dump"),
        (("backups.drill", name), 8, "database.dump"),
        (("restore", name, "--only", "rows"), 2, "db, objects, redis"),
    ):
        done = running.invoke(*words)
        assert done.returncode == code and text in done.stderr, done.stderr
    assert running.titles() == before and running.is_well()


def test_staging_gets_the_data_of_another_environment_masked_in_one_run(
    running: WorkingCopy, staging: WorkingCopy, tmp_path
) -> None:
    """Rows, objects and logins: masked before anybody sees them, in staging's own buckets, by staging's own roles."""
    running.write_row("secret of somebody")
    kept = {"Bucket": running.store().list_buckets()["Buckets"][0]["Name"], "Key": "kept.txt"}
    running.store().put_object(**kept, Body=b"bytes")
    name, before = backup(running), running.titles()
    assert running.invoke("backups.get", name, "--to", str(tmp_path)).returncode == 0
    mask = tmp_path / "mask.sql"
    mask.write_text(
        "update tasks set title = 'masked';\nupdate auth.users set email = 'user' || id || '@example.org';\n"
    )
    words = ("restore", "--from-dir", str(tmp_path / name), "--mask", str(mask), "--drop-old", "--yes")
    refused = staging.invoke(*words)
    assert refused.returncode == 2 and "--yes slipway-staging --on staging" in refused.stderr, refused.stderr
    done = staging.invoke(*words, "slipway-staging")
    assert done.returncode == 0, done.stdout + done.stderr
    assert staging.psql("select string_agg(distinct title, ',') from tasks") == "masked" and staging.is_well()
    assert staging.psql("select count(*) from auth.users where email not like 'user%@example.org'") == "0"
    assert staging.store().get_object(**kept)["Body"].read() == b"bytes"
    assert staging.psql("select count(*) from pg_database where datname ~ '_restore_'") == "0"
    assert "Nothing to do" in staging.up()
    assert running.titles() == before and running.is_well()
