"""What goes wrong with backups: damage, kills, full disks, moving schemas, many tables. Nothing half-good is listed."""

from __future__ import annotations

import itertools
import json
import os
import random
import resource
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from slipway.data import mirror
from slipway.data.backups import fingerprint, folder, verify
from slipway.data.objects import client as objects
from slipway.errors import BackupError, GateError
from tests.support import services
from tests.support.backing_up import ends_of, restored
from tests.support.waiting import PATIENCE, until

DAMAGES, KILLS, TABLES = 1000, 50, 5000


def begin(stack, **options) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "slipway.ops", "backup", "{}"],
        env={**os.environ, **stack.env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        **options,
    )


def partials(stack) -> list[Path]:
    return list(Path(stack.env["BACKUP_DIR"]).glob(".partial-*"))


def at_work(stack) -> list[psutil.Process]:
    """Programs that still write into this stack's backups."""
    return [
        each
        for each in psutil.process_iter(["cmdline", "status"])
        if each.info["status"] != psutil.STATUS_ZOMBIE
        and any(stack.env["BACKUP_DIR"] in word for word in each.info["cmdline"] or ())
    ]


def test_a_bit_flipped_or_a_file_cut_anywhere_is_found_and_named(stack, object_env) -> None:
    stack.env.update({key: value for key, value in object_env.items() if key.startswith("S3_")})
    stack.run("buckets")
    ends = ends_of(stack)
    for number in range(20):
        objects.client(ends).put_object(Bucket=ends.s3_buckets[0], Key=f"o/{number}", Body=random.randbytes(2000))
    with stack.connect("admin") as conn:
        conn.execute("CREATE TABLE t AS SELECT g, md5(g::text) AS x FROM generate_series(1, 2000) g")
    path, pool, chance = Path(stack.run("backup")["path"]), folder.pool(ends), random.Random(5)
    files = [each for each in (*path.iterdir(), *pool.rglob("*")) if each.is_file() and each.stat().st_size]
    missed = []
    for _ in range(DAMAGES):
        file = chance.choice(files)
        whole = file.read_bytes()
        at = chance.randrange(len(whole))
        cut = chance.random() < 0.5
        file.write_bytes(
            whole[:at] if cut else whole[:at] + bytes([whole[at] ^ 1 << chance.randrange(8)]) + whole[at + 1 :]
        )
        found = " ".join(verify.problems(path) or mirror.sample(path, pool, None))
        named = file.name.split(".")[0] if file.parent == path else file.name
        if named not in found:
            missed.append((file.name, at, cut, found))
        file.write_bytes(whole)
    assert missed == [] and verify.problems(path) == []


def test_killed_at_any_moment_it_is_listed_whole_or_not_at_all_and_the_next_one_cleans(stack) -> None:
    with stack.connect("admin") as conn:
        conn.execute(
            "CREATE TABLE t AS SELECT g, md5(g::text) || md5((g + 1)::text) AS x FROM generate_series(1, 150000) g"
        )
    begun = time.monotonic()
    stack.run("backup")
    usual, chance = time.monotonic() - begun + 0.5, random.Random(7)
    for _ in range(KILLS):
        child = begin(stack)
        try:
            child.wait(chance.uniform(0.05, usual))
        except subprocess.TimeoutExpired:
            child.kill()
        child.communicate()
        until(lambda: not at_work(stack), "pg_dump ends with its parent")
        for each in folder.list_backups(ends_of(stack)):
            assert verify.problems(each["path"]) == []
        assert folder.list_damaged(ends_of(stack)) == []
    stack.run("backup")
    assert partials(stack) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_end_it_leaves_nothing_behind(stack, number) -> None:
    with stack.connect("admin") as conn:
        conn.execute("CREATE TABLE t (id int)")
        conn.execute("BEGIN; LOCK TABLE t IN ACCESS EXCLUSIVE MODE")
        child = begin(stack)
        until(lambda: partials(stack), "it begins")
        child.send_signal(number)
        said, _ = child.communicate(timeout=PATIENCE)
    assert child.returncode == 130, said
    assert json.loads(said.splitlines()[-1])["error"]["kind"] == "interrupted"
    assert partials(stack) == [] and folder.list_backups(ends_of(stack)) == [] and not at_work(stack)


@contextmanager
def small_disk(place: Path, size: str):
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)], check=False).returncode:
        pytest.skip("only root may mount a small disk")
    try:
        yield
    finally:
        subprocess.run(["umount", str(place)], check=True)


def fill(stack) -> None:
    with stack.connect("admin") as conn:
        conn.execute("CREATE TABLE t AS SELECT md5(random()::text) AS x FROM generate_series(1, 200000) g")


def test_a_full_disk_is_a_sentence_and_leaves_nothing(stack) -> None:
    fill(stack)
    with small_disk(Path(stack.env["BACKUP_DIR"]), "2m"):
        with pytest.raises(BackupError) as caught:
            stack.run("backup")
        assert "No space left" in caught.value.found and "prune" in caught.value.next and caught.value.code == 7
        assert partials(stack) == [] and folder.list_backups(ends_of(stack)) == []


def test_a_limit_on_the_size_of_files_is_one_too(stack) -> None:
    fill(stack)
    child = begin(stack, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, 2**20)))
    said, _ = child.communicate(timeout=PATIENCE)
    assert child.returncode == 7 and json.loads(said.splitlines()[-1])["error"]["kind"] == "backup"
    assert partials(stack) == [] and folder.list_backups(ends_of(stack)) == []


def test_five_thousand_tables(stack) -> None:
    with stack.connect("admin") as conn:
        conn.execute(f"""DO $$ BEGIN FOR n IN 1..{TABLES} LOOP
            EXECUTE format('CREATE TABLE %I (id int)', 'table ' || n); IF n % 1000 = 0 THEN
            EXECUTE format('INSERT INTO %I VALUES (1), (2)', 'table ' || n); COMMIT; END IF; END LOOP; END $$""")
    made = stack.run("backup", {"contents": True})
    assert len(made["tables"]) == TABLES
    assert sum(each["rows"] for each in made["tables"].values()) == 2 * TABLES // 1000
    stack.run("backups.verify", {"read": True})
    assert stack.run("backups.drill", {"id": made["id"]})["ok"]


CHANGES = (
    "TRUNCATE {name}",
    "ALTER TABLE {name} ADD COLUMN x int DEFAULT 1",
    "CREATE INDEX ON {name} (id)",
    "DROP TABLE {name}",
    "CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql RETURN 1",
    "DROP FUNCTION IF EXISTS f",
)


def change_schema(stack, over: threading.Event, errors: list) -> None:
    """Makes, empties, alters and drops tables until it is over."""
    import psycopg

    chance = random.Random(3)
    with stack.connect("admin") as conn:
        conn.execute("SET lock_timeout = '200ms'")
        for number in itertools.count():
            if over.is_set():
                return
            name, rows = f"t{number % 12}", chance.randrange(50)
            try:
                conn.execute(
                    f"DROP TABLE IF EXISTS {name}; CREATE TABLE {name} AS SELECT generate_series(1, {rows}) AS id"
                )
                conn.execute(chance.choice(CHANGES).format(name=name))
                over.wait(chance.uniform(0, 0.3))
            except psycopg.errors.LockNotAvailable:
                continue
            except psycopg.Error as error:
                errors.append(error)
                return


def test_a_schema_that_changes_meanwhile_never_shows_in_half(stack) -> None:
    """Tables are made, dropped, emptied, renamed and altered all the time; what is dumped and what was counted agree."""
    with stack.connect("admin") as conn:
        conn.execute("CREATE TABLE steady AS SELECT generate_series(1, 20000) AS id")
    over, errors = threading.Event(), []
    changer = threading.Thread(target=change_schema, args=(stack, over, errors))
    changer.start()
    made = []
    try:
        for _ in range(12):
            with suppress(BackupError):  # refused, if the schema moved at every try
                made.append(stack.run("backup", {"contents": True}))
    finally:
        over.set()
        changer.join()
    assert errors == [] and made and partials(stack) == []
    for number, each in enumerate(made):
        with restored(stack, Path(each["path"]), f"{stack.database}_moving{number}") as conn:
            for table, expected in each["tables"].items():
                fingerprint.settle(conn)
                assert (
                    dict(
                        zip(
                            ("rows", "hash"),
                            conn.execute(fingerprint.queries(conn, [table])[table]).fetchone(),
                            strict=True,
                        )
                    )
                    == expected
                )


def test_a_table_locked_for_long_is_waited_for_and_then_told(stack, monkeypatch) -> None:
    from slipway.data.backups import snapshot

    monkeypatch.setattr(snapshot, "TRIES", 1)
    monkeypatch.setattr("slipway.data.backups.source.PATIENCE", "300ms")
    with stack.connect("admin") as conn:
        conn.execute("CREATE TABLE t (id int)")
        conn.execute("BEGIN; LOCK TABLE t IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(BackupError) as caught:
            stack.run("backup")
    assert "lock timeout" in caught.value.found and folder.list_backups(ends_of(stack)) == []


def test_a_server_that_dies_or_is_not_there_leaves_nothing(own_postgres, tmp_path) -> None:
    from tests.embedded.data.conftest import stack_on

    own_postgres.start_and_wait()
    stack = stack_on(own_postgres, tmp_path)
    stack.run("roles")
    with stack.connect("admin") as conn:
        conn.execute("CREATE TABLE t AS SELECT g, md5(g::text) AS x FROM generate_series(1, 400000) g")
    child = begin(stack)
    until(lambda: any(path.stat().st_size for each in partials(stack) for path in each.glob("*.dump")), "it dumps")
    own_postgres.server.kill()
    said, _ = child.communicate(timeout=PATIENCE)
    assert child.returncode == 7, said
    with pytest.raises((BackupError, GateError)):
        stack.run("backup")
    assert partials(stack) == [] and folder.list_backups(ends_of(stack)) == []


def test_an_object_store_that_is_away_means_no_backup(stack) -> None:
    stack.env.update(
        {
            "S3_ENDPOINT": f"http://127.0.0.1:{services.free_port()}",
            "S3_ACCESS_KEY": "a" * 20,
            "S3_SECRET_KEY": "b" * 20,
            "S3_BUCKETS": "app",
        }
    )
    with pytest.raises(BackupError):
        stack.run("backup")
    assert partials(stack) == [] and folder.list_backups(ends_of(stack)) == []
    assert stack.run("backup", {"only": "db"})["parts"] == ["database"]
