"""Backups of a real database: what they hold, whose moment they are, and that pg_restore alone restores them."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from slipway.data.backups import fingerprint, folder, manifest, verify
from slipway.errors import BackupError, LockHeld, SettingsError
from tests.support import services
from tests.support.backing_up import ends_of, restored

ODD = '"Bücher"."we ird ""te%sst {x}"'
CONTENT = f"""
CREATE TABLE plain (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text, note jsonb);
INSERT INTO plain (name, note) SELECT 'row ' || g, jsonb_build_object('g', g) FROM generate_series(1, 1000) g;
CREATE TABLE secret (id int, owner text); ALTER TABLE secret ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY none ON secret USING (false); INSERT INTO secret SELECT g, 'x' FROM generate_series(1, 50) g;
CREATE SCHEMA "Bücher"; CREATE TABLE {ODD} ("größe" int, "select" text); INSERT INTO {ODD} VALUES (1, 'ж'), (2, NULL);
CREATE TABLE parent (id int) PARTITION BY RANGE (id);
CREATE TABLE part PARTITION OF parent FOR VALUES FROM (0) TO (100); INSERT INTO parent SELECT generate_series(0, 9);
CREATE UNLOGGED TABLE quick (id int); INSERT INTO quick VALUES (1);
CREATE SEQUENCE untouched; CREATE SEQUENCE counter START 41; SELECT nextval('counter'), nextval('counter');
CREATE TYPE mood AS ENUM ('sad', 'glad'); CREATE TABLE moods (m mood); INSERT INTO moods VALUES ('glad');
CREATE FUNCTION twice(int) RETURNS int LANGUAGE sql RETURN $1 * 2;
"""


@pytest.fixture
def filled(stack):
    with stack.connect("admin") as conn:
        conn.execute(CONTENT)
    return stack


def test_a_backup_holds_what_the_database_held_and_pg_restore_alone_brings_it_back(filled) -> None:
    made = filled.run("backup", {"label": "before the change", "contents": True, "keys": ["PROJECT", "APP_ENV_TOKEN"]})
    path = Path(made["path"])
    assert verify.problems(path) == [] and folder.ID.fullmatch(made["id"])
    assert {each.name for each in path.iterdir()} == {
        "manifest.json",
        "manifest.sha256",
        "database.dump",
        "globals.sql",
        "env-keys.txt",
    }
    assert (made["label"], made["kind"], made["stack"], made["environment"], made["database"]) == (
        "before the change",
        "manual",
        "shop-local",
        "local",
        filled.database,
    )
    assert made["owner"] == f"{filled.database}_owner" and made["encoding"] == "UTF8" and made["large_objects"] == 0
    assert made["tables"]["public.plain"]["rows"] == 1000 and made["tables"]["public.secret"]["rows"] == 50
    assert made["tables"][ODD]["rows"] == 2 and made["tables"]["public.part"]["rows"] == 10
    assert made["sequences"]["public.counter"] == 42 and made["sequences"]["public.untouched"] is None
    assert made["server_version_num"] // 10000 == 18 and made["tools"]["pg_dump"].startswith("18")
    assert (path / "env-keys.txt").read_text() == "APP_ENV_TOKEN\nPROJECT\n"
    with restored(filled, path, f"{filled.database}_again") as conn:
        for table, expected in made["tables"].items():
            fingerprint.settle(conn)
            rows, digest = conn.execute(fingerprint.queries(conn, [table])[table]).fetchone()
            assert {"rows": rows, "hash": digest} == expected, table


def test_no_password_is_kept_unless_asked_for_and_none_in_the_clear_ever(filled) -> None:
    without = (Path(filled.run("backup")["path"]) / manifest.GLOBALS).read_text()
    assert f"CREATE ROLE {filled.database}_app" in without and "SCRAM" not in without and "PASSWORD" not in without
    made = Path(filled.run("backup", {"passwords": True})["path"])
    assert "SCRAM-SHA-256" in (made / manifest.GLOBALS).read_text()
    everything = b"".join(path.read_bytes() for path in made.iterdir())
    for part in ("migrate", "app", "readonly", "backup"):
        assert f"{part} 'p@ss/wörd%'".encode() not in everything
    assert services.ADMIN_PASSWORD.encode() not in everything


def test_the_directory_is_for_its_owner_alone(filled) -> None:
    path = Path(filled.run("backup")["path"])
    assert path.stat().st_mode & 0o077 == 0 and path.parent.stat().st_mode & 0o077 == 0


def test_rows_written_meanwhile_are_in_neither_the_dump_nor_the_counts(filled) -> None:
    """Counts and dump are of one moment, however busy the database is."""
    over = threading.Event()

    def write() -> None:
        with filled.connect("admin") as conn:
            while not over.is_set():
                conn.execute(
                    "INSERT INTO plain (name) SELECT 'later' FROM generate_series(1, 20); "
                    "DELETE FROM secret WHERE id = (SELECT min(id) FROM secret)"
                )

    writer = threading.Thread(target=write)
    writer.start()
    try:
        made = filled.run("backup", {"contents": True})
    finally:
        over.set()
        writer.join()
    with restored(filled, Path(made["path"]), f"{filled.database}_moment") as conn:
        for table in ("public.plain", "public.secret"):
            fingerprint.settle(conn)
            rows, digest = conn.execute(fingerprint.queries(conn, [table])[table]).fetchone()
            assert {"rows": rows, "hash": digest} == made["tables"][table]


def test_large_objects_are_kept_by_the_administrator(filled) -> None:
    with filled.connect("admin") as conn:
        conn.execute("SELECT lo_from_bytea(4242, decode(repeat('00ff10', 5000), 'hex'))")
    made = filled.run("backup")
    assert made["large_objects"] == 1
    with restored(filled, Path(made["path"]), f"{filled.database}_large") as conn:
        assert conn.execute("SELECT md5(lo_get(4242)) = md5(decode(repeat('00ff10', 5000), 'hex'))").fetchone()[0]


def test_an_external_database_is_dumped_as_its_owner_or_refused_where_rows_would_be_missing(filled) -> None:
    env = {"ADMIN_DATABASE_URL": "", "ROLE_PASSWORDS": ""}
    with pytest.raises(BackupError) as caught:
        filled.run("backup", **env)
    assert "row-level security" in str(caught.value) or "permission" in str(caught.value)
    assert folder.list_backups(ends_of(filled)) == []
    with filled.connect("admin") as conn:
        conn.execute("DROP TABLE secret")
        for (name,) in conn.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE tableowner = "
            "'postgres' AND schemaname !~ '^pg_|^information_schema$'"
        ).fetchall():
            conn.execute(f"ALTER TABLE {name} OWNER TO {filled.database}_owner")
        conn.execute(
            f'ALTER SCHEMA "Bücher" OWNER TO {filled.database}_owner; '
            f"ALTER SEQUENCE counter OWNER TO {filled.database}_owner; "
            f"ALTER SEQUENCE untouched OWNER TO {filled.database}_owner"
        )
    assert filled.run("backup", **env)["tables"]["public.plain"]["rows"] == 1000


def test_only_the_database_only_the_objects_or_nothing_to_back_up(stack, object_env) -> None:
    made = stack.run("backup", {"only": "db"})
    assert made["parts"] == ["database"] and made["objects"] is None
    store = {key: value for key, value in object_env.items() if key.startswith("S3_")}
    stack.run("buckets", **store)
    made = stack.run("backup", {"only": "objects"}, **store)
    assert (
        made["parts"] == ["objects"]
        and made["tables"] == {}
        and set(made["files"]) == {"objects.jsonl", "env-keys.txt"}
    )
    with pytest.raises(SettingsError):
        stack.run("backup", {"only": "tables"})


def test_before_migrations_one_is_taken_only_where_some_are_pending_and_something_is_there(stack) -> None:
    stack.migration("001_a.up.sql", "CREATE TABLE a (id int)")
    assert stack.run("backup.need") == {"needless": "the database holds nothing yet"}
    stack.run("migrate")
    assert stack.run("backup.need") == {"needless": "no migration is pending"}
    stack.migration("002_b.up.sql", "CREATE TABLE b (id int)")
    made = stack.run("backup", {"kind": "deploy", "release": "r0007-abc"})
    assert (made["schema_version"], made["kind"], made["release"]) == (1, "deploy", "r0007-abc")


def test_tables_of_another_origin_are_something_to_back_up(stack) -> None:
    with stack.connect("admin") as conn:
        conn.execute("CREATE TABLE theirs (id int)")
    assert stack.run("backup.need") == {"needless": ""}


def test_a_second_backup_at_once_is_refused_and_says_who_holds(filled) -> None:
    from slipway.data.backups import lock

    with lock.hold_lock(ends_of(filled), "a schedule backup"), pytest.raises(LockHeld) as caught:
        filled.run("backup")
    assert "a schedule backup" in caught.value.found
    filled.run("backup")


def test_two_that_may_wait_are_taken_one_after_the_other(filled) -> None:
    ids, threads = [], []
    for _ in range(3):
        threads.append(threading.Thread(target=lambda: ids.append(filled.run("backup", {"wait": 60})["id"])))
        threads[-1].start()
    for thread in threads:
        thread.join()
    assert len(set(ids)) == 3 == len(folder.list_backups(ends_of(filled)))


def test_progress_has_a_total_in_bytes(filled) -> None:
    with filled.connect("admin") as conn:
        conn.execute(
            "CREATE TABLE big AS SELECT g, md5(g::text) || md5((g + 1)::text) AS x FROM generate_series(1, 400000) g"
        )
    filled.events.clear()
    filled.run("backup")
    seen = [event for event in filled.events if event["event"] == "progress" and event["unit"] == "bytes"]
    assert seen and all(0 <= event["done"] <= event["total"] and event["total"] > 2**20 for event in seen)


def test_nothing_of_the_password_is_an_argument_of_a_process(filled) -> None:
    """Looks at the command lines of all that runs while a dump waits for a lock."""
    import psutil

    seen: list[str] = []

    def look() -> None:
        for process in psutil.process_iter(["cmdline"]):
            seen.append(" ".join(process.info["cmdline"] or ()))

    with filled.connect("admin") as conn:
        conn.execute("CREATE TABLE big AS SELECT g, md5(g::text) AS x FROM generate_series(1, 300000) g")
    worker = threading.Thread(target=filled.run, args=("backup",))
    worker.start()
    while worker.is_alive():
        look()
    dumps = [line for line in seen if "--format=custom" in line and "--snapshot" in line]
    assert dumps
    for part in ("backup", "migrate"):
        assert not [line for line in seen if f"{part} 'p@ss" in line]
    assert not [line for line in seen if services.ADMIN_PASSWORD in line]


PRINTABLE = "".join(map(chr, range(32, 127)))


def test_a_password_of_every_printable_character(bare) -> None:
    passwords = json.loads(bare.env["ROLE_PASSWORDS"])
    passwords[f"{bare.database}_backup"] = PRINTABLE
    env = {"ROLE_PASSWORDS": json.dumps(passwords)}
    bare.run("roles", **env)
    with bare.connect("admin") as conn:
        conn.execute("CREATE TABLE t (id int); INSERT INTO t VALUES (1)")
    assert bare.run("backup", **env)["tables"]["public.t"]["rows"] == 1
