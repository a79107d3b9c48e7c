"""`restore` of one database against pg_restore alone with as many jobs: what verifying, counting and swapping cost."""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.harness import Result
from bench.postgres import Server, server
from slipway.data.restore import filling
from slipway.ops import verbs

TIMES = 3
MEGABYTES = int(os.environ.get("BENCH_MEGABYTES", "1024"))  # of the database; the default is what the bar is for
# Rows, texts, numbers, JSON, keys, and an index of each kind: about 350 bytes a row with its indexes.
MIXED = """
CREATE TABLE users (id bigint PRIMARY KEY, name text NOT NULL, email text UNIQUE, born date, about jsonb);
CREATE TABLE events (id bigint PRIMARY KEY, user_id bigint NOT NULL, at timestamptz, kind text, amount numeric(12, 2),
    body text, data jsonb);
INSERT INTO users SELECT n, 'user ' || n, md5(n::text) || '@example.org', '1970-01-01'::date + n % 12000,
    jsonb_build_object('n', n, 'tag', md5((n * 7)::text)) FROM generate_series(1, {users}) n;
INSERT INTO events SELECT n, 1 + n % {users}, '2026-01-01'::timestamptz + n * '1 second'::interval, 'kind ' || n % 20,
    n % 100000 / 100.0, repeat(md5((n * 3)::text) || ' ', 3), jsonb_build_object('k', n % 1000, 'v', md5(n::text))
    FROM generate_series(1, {events}) n;
CREATE INDEX ON events (user_id, at);
CREATE INDEX ON events USING gin (data jsonb_path_ops);
ALTER TABLE events ADD FOREIGN KEY (user_id) REFERENCES users;
"""


def measure() -> Iterator[Result]:
    """One backup, restored by turns with ours and with pg_restore, into the same server."""
    with server() as postgres, tempfile.TemporaryDirectory(prefix="slipway-bench-") as folder:
        rows = MEGABYTES * 2**20 // 450
        postgres.fresh("shop")
        subprocess.run(
            postgres.psql("shop", "-c", MIXED.format(users=rows // 8, events=rows)), check=True, capture_output=True
        )
        env = {
            "ADMIN_DATABASE_URL": postgres.url("postgres"),
            "MIGRATE_DATABASE_URL": postgres.url("shop"),
            "DATABASE_URL": postgres.url("shop"),
            "PG_BIN": str(postgres.programs),
            "BACKUP_DIR": folder,
        }
        made = verbs.run("backup", {"only": "db"}, env, ignore)
        dump = Path(folder) / made["id"] / "database.dump"
        ours, theirs = [], []
        for _ in range(TIMES):
            theirs.append(plain(postgres, dump))
            ours.append(own(postgres, env, made["id"]))
        jobs = filling.jobs()
        yield Result(
            f"restore, {MEGABYTES} MB",
            statistics.median(ours),
            statistics.median(theirs),
            "s",
            f"pg_restore --jobs={jobs} alone",
            1.05,
        )


def ignore(event: dict) -> None:
    """Nobody looks at the progress."""


def plain(postgres: Server, dump: Path) -> float:
    url = postgres.fresh("plain")
    begun = time.perf_counter()
    subprocess.run(
        [str(postgres.programs / "pg_restore"), "--exit-on-error", f"--jobs={filling.jobs()}", "-d", url, str(dump)],
        check=True,
        capture_output=True,
    )
    seconds = time.perf_counter() - begun
    subprocess.run(postgres.psql("postgres", "-c", "DROP DATABASE plain"), check=True, capture_output=True)
    return seconds


def own(postgres: Server, env: dict[str, str], name: str) -> float:
    subprocess.run(postgres.psql("postgres", "-c", "CHECKPOINT"), check=True, capture_output=True)
    begun = time.perf_counter()
    verbs.run("restore", {"id": name}, env, ignore)
    seconds = time.perf_counter() - begun
    verbs.run("restore.drop", {}, env, ignore)
    return seconds
