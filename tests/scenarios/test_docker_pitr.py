"""Any moment back: what was committed is archived by itself, a moment is restored beside the live cluster and takes its
place, and whatever fails or is killed on the way leaves a cluster that serves and a next run that says so."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from tests.support import clone
from tests.support.clone import DEMO_USER, Clone, assert_refused
from tests.support.containers import docker, must, pause
from tests.support.waiting import until

pytestmark = [pytest.mark.scenario, pytest.mark.long]

DIRECTORY = "/var/lib/postgresql/18"
KEEPER = """
import os
from slipway.data import endpoints
from slipway.data.pitr import backup
backup.attempt(endpoints.read(os.environ), lambda event: print(event["text"]))
"""  # what the service does once a minute
# Zeros over a stretch in the middle of the largest file of the newest full backup, or the bytes that were there again.
ROT = """
import os, sys
from slipway.data import endpoints; from slipway.data.objects import client as objects
ends = endpoints.read(os.environ)
s3, own = objects.client(ends), {"Bucket": os.environ["PITR_BUCKET"]}
pages = s3.get_paginator("list_objects_v2").paginate(**own)
label = max(each["Key"].split("/")[-2] for page in pages for each in page.get("Contents", ())
            if each["Key"].endswith("F/backup.manifest"))
key = max((each for page in pages for each in page["Contents"] if f"/{label}/" in each["Key"]), key=lambda each: each["Size"])["Key"]
kept = f"/tmp/{label}"
if sys.argv[1] == "rot":
    whole = s3.get_object(**own, Key=key)["Body"].read()
    open(kept, "wb").write(whole)
    begin, end = len(whole) // 3, len(whole) // 2
    whole = whole[:begin] + bytes(end - begin) + whole[end:]
else:
    whole = open(kept, "rb").read()
s3.put_object(**own, Key=key, Body=whole)
print(label)
"""
SOON = 3  # seconds of PITR_ARCHIVE_TIMEOUT here; the default is 45


@pytest.fixture(scope="module")
def archived(engine: None) -> Iterator[Clone]:
    """A stack with PITR that is up and holds data."""
    with clone.made() as made:
        made.settle(PITR="true", PITR_ARCHIVE_TIMEOUT=str(SOON))
        made.succeed("up")
        made.write_data()
        yield made


def write(stack: Clone, title: str) -> None:
    stack.sql(f"INSERT INTO tasks (user_id, title) VALUES ('{DEMO_USER}', '{title}')")


def titles(stack: Clone, *names: str) -> set[str]:
    return set(stack.sql(f"SELECT title FROM tasks WHERE title = ANY('{{{','.join(names)}}}')").split())


def moment(stack: Clone) -> str:
    """The present one, between two commits that cannot share it."""
    return stack.sql("SELECT clock_timestamp() FROM pg_sleep(0.05)")


def said(stack: Clone, *words: str) -> dict:
    """The last event of a command that succeeds."""
    return json.loads(stack.succeed(*words, "--json").splitlines()[-1])


def segment(stack: Clone) -> str:
    return stack.sql("SELECT pg_walfile_name(pg_current_wal_lsn())")


def reached(stack: Clone, wal: str) -> bool:
    return stack.sql(f"SELECT coalesce(last_archived_wal, '') >= '{wal}' FROM pg_stat_archiver") == "t"


def directories(stack: Clone) -> list[str]:
    return must("exec", stack.id("pitr"), "ls", DIRECTORY).split()


def histories(stack: Clone) -> list[str]:
    listed = must("exec", stack.id("pitr"), "pgbackrest", "repo-ls", "--recurse", "archive").split()
    return [name for name in listed if name.endswith(".history")]


def assert_sound(stack: Clone) -> None:
    """The archive has nothing to complain of, and `up` nothing to do."""
    assert said(stack, "pitr.status")["problems"] == []
    stack.assert_nothing_to_do()


def test_a_committed_row_is_archived_by_itself_in_the_time_that_is_set(archived: Clone):
    assert archived.sql("SHOW archive_timeout") == f"{SOON}s"
    write(archived, "by-itself")
    wal = segment(archived)
    until(lambda: reached(archived, wal), f"{wal} is archived with no help")
    assert_sound(archived)


def test_no_secret_of_the_archive_is_in_a_process_list(archived: Clone):
    for service in ("postgres", "pitr"):
        told = must("exec", archived.id(service), "sh", "-c", "cat /proc/[0-9]*/cmdline").replace("\0", " ")
        assert not [secret for secret in archived.secrets() if secret in told]


def test_a_dropped_table_comes_back_and_archiving_goes_on_and_can_be_restored_from_again(archived: Clone):
    write(archived, "kept")
    then = moment(archived)
    write(archived, "later")
    archived.sql("DROP TABLE tasks CASCADE")
    done = said(archived, "restore", "--at", then, "--yes")
    assert titles(archived, "kept", "later") == {"kept"}
    assert '"ready":true' in archived.get("/ready")
    assert done["kept"].removeprefix(f"{DIRECTORY}/") in directories(archived)

    write(archived, "afterwards")
    wal = segment(archived)
    assert int(wal[:8], 16) == 2
    until(lambda: reached(archived, wal), f"{wal} of the new history is archived")
    again = moment(archived)
    write(archived, "last")
    archived.succeed("restore", "--at", again, "--yes", "--drop-old")
    assert titles(archived, "kept", "afterwards", "later", "last") == {"kept", "afterwards"}
    assert directories(archived) == ["docker"]
    assert_sound(archived)


def test_a_backup_that_is_due_by_the_clock_is_taken_and_none_before(archived: Clone):
    def labels() -> list[str]:
        return [each["label"] for each in said(archived, "pitr.status")["backups"]]

    def looked(**env: str) -> str:
        words = [word for key, value in env.items() for word in ("--env", f"{key}={value}")]
        return must("exec", *words, archived.id("pitr"), "python3", "-c", KEEPER)

    before = labels()
    assert (looked(), labels()) == ("", before)
    assert "diff backup" in looked(PITR_DIFF_HOURS="0")
    (new,) = set(labels()) - set(before)
    assert new.startswith(before[-1].split("_")[0]) and new.endswith("D")


def test_a_drill_proves_a_moment_and_changes_neither_the_cluster_nor_the_archive(archived: Clone):
    before = (archived.ids(), histories(archived), directories(archived))
    found = said(archived, "pitr.drill")
    assert found["databases"]["slipway"]["rows"] > 0 and found["databases"]["slipway"]["indexes"] > 0
    assert (archived.ids(), histories(archived), directories(archived)) == before


@pytest.mark.campaign
def test_a_drill_finds_what_has_rotted_in_the_archive_and_the_live_cluster_serves_on(archived: Clone):
    def rot(word: str) -> str:
        return must("exec", archived.id("ops"), "python3", "-c", ROT, word)

    before, label = (archived.ids(), histories(archived), directories(archived)), rot("rot")
    try:
        assert_refused(archived.invoke("pitr.drill"), 7, f"restore of {label}", "damaged")
        assert (archived.ids(), histories(archived), directories(archived)) == before
        archived.get("/api/v1/tasks")
    finally:
        rot("mend")


@pytest.mark.parametrize(
    ("at", "code", "words"),
    [
        ("2020-01-01 00:00:00+00", 7, "before the oldest backup"),
        ("2199-01-01 00:00:00+00", 7, "in the future"),
        ("2020-01-01 00:00:00", 2, "with its time zone"),
    ],
)
def test_a_moment_out_of_reach_is_refused_with_the_window_and_nothing_is_touched(archived: Clone, at, code, words):
    before = archived.ids()
    assert_refused(
        archived.invoke("restore", "--at", at, "--yes"),
        code,
        words,
        *(["a moment in the window: 2"] if code == 7 else []),
    )
    assert (archived.ids(), directories(archived)) == (before, ["docker"])


def test_a_store_that_hangs_or_is_gone_is_told_everywhere_by_what_waits_for_it(archived: Clone):
    store, postgres, waits = archived.id("objects"), archived.id("postgres"), "changes wait for the archive since 1"
    pause(store)
    try:
        write(archived, "waiting")
        wal = archived.sql("SELECT pg_walfile_name(pg_switch_wal())")
        ready = f"$PGDATA/pg_wal/archive_status/{wal}.ready"
        # As if it had waited for ten minutes.
        age = f"touch --no-create --date '10 minutes ago' {ready} && test -e {ready}"
        until(lambda: docker("exec", postgres, "bash", "-c", age).returncode == 0, "the segment waits for the archive")
        assert_refused(archived.invoke("pitr.status"), 8, waits, "repository 1: the store does not answer in time")
        must("kill", store)
        assert f"archive        {waits}" in archived.invoke("doctor").text
        assert f"FAILING: {waits}" in archived.invoke("status").text
        assert "gate archive" in archived.succeed("plan")
        assert_refused(archived.invoke("restore", "--at", "latest", "--yes"), 7, "the store does not answer")
    finally:
        docker("unpause", store)  # where it failed before the store was killed: the tests after this one need it
        must("start", store)
    # Postgres tries again within a minute, and at once when there is more.
    archived.sql("SELECT pg_switch_wal() FROM pg_current_xact_id()")
    until(lambda: reached(archived, wal), "what waited is archived")
    archived.succeed("up")
    assert_sound(archived)


@pytest.mark.campaign
def test_a_restored_cluster_that_does_not_serve_is_exchanged_back_and_leaves_no_trace_in_the_archive(archived: Clone):
    before = histories(archived)
    archived.sql("ALTER ROLE postgres PASSWORD 'another'")
    then = moment(archived)
    archived.sql(f"ALTER ROLE postgres PASSWORD '{archived.setting('POSTGRES_PASSWORD')}'")
    write(archived, "not-lost")
    done = archived.invoke("restore", "--at", then, "--yes")
    assert_refused(done, 4, "password authentication failed", "undone: the cluster of before serves")
    assert titles(archived, "not-lost") == {"not-lost"}
    archived.get("/api/v1/tasks")
    assert (histories(archived), directories(archived)) == (before, ["docker"])
    assert_sound(archived)


def killed(stack: Clone, at: str, when: Callable[[], bool]) -> str:
    """What a restore said until it was killed."""
    run = stack.begin("restore", "--at", at, "--yes")
    until(when, "the restore is on its way")
    run.process.kill()
    return run.done().text


@pytest.mark.campaign
def test_a_killed_restore_leaves_a_cluster_that_serves_and_the_next_run_says_so(archived: Clone):
    then = moment(archived)
    write(archived, "live")
    killed(archived, then, lambda: any("restoring" in name for name in directories(archived)))
    assert titles(archived, "live") == {"live"}
    assert_refused(archived.invoke("pitr.status"), 8, "was cut short at its", "the cluster of before is in place")

    # The next one ends what it left, and is killed itself while Postgres is stopped.
    said = killed(archived, then, lambda: "postgres" not in archived.ids())
    assert "had been cut short: the cluster of before serves" in said
    assert "had been cut short: the " in archived.succeed("up")
    restored = any("before" in name for name in directories(archived))
    assert titles(archived, "live") == (set() if restored else {"live"})
    assert not [name for name in directories(archived) if "restoring" in name]
    archived.get("/api/v1/tasks")  # the front door is open again
    archived.assert_data()
    archived.succeed("pitr.restore", "--drop-old")
    assert_sound(archived)


def test_a_lost_volume_is_not_archived_over_and_comes_back_from_the_archive(archived: Clone):
    write(archived, "last-words")
    archived.sql("SELECT pg_switch_wal()")
    until(
        lambda: archived.sql("SELECT count(*) FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready'") == "0",
        "all of it is archived",
    )
    archived.succeed("down")
    must("volume", "rm", f"{archived.project}-local_postgres")
    assert_refused(archived.invoke("up"), 4, "the archive of another cluster", "restore --at latest")
    archived.succeed("restore", "--at", "latest", "--yes", "--drop-old")
    assert titles(archived, "last-words") == {"last-words"}
    archived.assert_data()
    assert said(archived, "pitr.status")["problems"] == []
