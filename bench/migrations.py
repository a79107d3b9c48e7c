"""Migrations and fixtures against golang-migrate's statements, dbmate and psql, on one server in one run."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.harness import ROOT, NotMeasured, Result, environment, timed
from bench.memory import WATCH
from bench.postgres import Server, server

FILES, APPLIED, SMALL_MB = 1_000, 10_000, 2
FIXTURE_MB = int(os.environ.get("BENCH_FIXTURE_MB", "1000"))
TURNS = 3  # in turns, so that both meet the same machine
TABLE = "CREATE TABLE load (id bigint PRIMARY KEY, name text NOT NULL, note text)"


def measure() -> Iterator[Result | NotMeasured]:
    with server() as postgres, tempfile.TemporaryDirectory(prefix="slipway-bench-") as name:
        folder = Path(name)
        yield from small_files(postgres, folder)
        yield status(postgres, folder)
        yield from fixture(postgres, folder)


def ours(postgres: Server, database: str, **paths: Path) -> dict[str, str]:
    """The environment of our side for that database."""
    told = {key.upper(): str(path) for key, path in paths.items()}
    return environment(MIGRATE_DATABASE_URL=postgres.url(database), PYTHONPATH=str(ROOT), **told)


NAMELESS = '{"by": "", "release": ""}'  # who migrates, and with which release, has to be said


def verb(*words: str) -> list[str]:
    return [sys.executable, "-m", "slipway.ops", *words]


def small_files(postgres: Server, folder: Path) -> Iterator[Result | NotMeasured]:
    """1,000 small files: ours with its start-up, golang-migrate's statements without any."""
    migrations = write_files(folder / "migrations", FILES, "{}", "up.sql")
    dbmate = find_dbmate(folder / "npm")
    theirs = write_files(folder / "dbmate", FILES, "-- migrate:up\n{}-- migrate:down\n", "sql")
    own, golang, peer = [], [], []
    for _ in range(TURNS):
        golang.append(golang_migrate(postgres.fresh("bench"), migrations))
        postgres.fresh("bench")
        own.append(timed(verb("migrate", NAMELESS), folder, ours(postgres, "bench", migrations_dir=migrations)))
        if isinstance(dbmate, Path):
            url = postgres.fresh("bench")
            words = [str(dbmate), "--url", url, "--migrations-dir", str(theirs), "--no-dump-schema", "migrate"]
            peer.append(timed(words, folder, environment()))
    yield Result(f"migrations: {FILES} files", middle(own), middle(golang), "s", "golang-migrate's statements", 0.35)
    yield (
        dbmate
        if isinstance(dbmate, NotMeasured)
        else Result(f"migrations: {FILES} files", middle(own), middle(peer), "s", "dbmate migrate", 1.0)
    )


def middle(times: list[float]) -> float:
    return sorted(times)[len(times) // 2]


def write_files(folder: Path, count: int, form: str, ending: str) -> Path:
    """Files, with the SQL in a form, that each make a small table, an index, or a column, as a team's do."""
    folder.mkdir()
    for number in range(1, count + 1):
        made = number - (number - 1) % 3
        text = (
            f"CREATE TABLE t{made} (id bigint PRIMARY KEY, name text NOT NULL);",
            f"ALTER TABLE t{made} ADD COLUMN note text;",
            f"CREATE INDEX t{made}_name ON t{made} (name);",
        )[(number - 1) % 3]
        (folder / f"{number:06}_step.{ending}").write_text(form.format(f"{text}\n"))
    return folder


def golang_migrate(url: str, folder: Path) -> float:
    """Seconds of its sequence of statements for each file: version dirty, the file, version clean."""
    import psycopg

    begun = time.perf_counter()
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("CREATE TABLE schema_migrations (version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL)")
        for path in sorted(folder.iterdir()):
            version = int(path.name.split("_")[0])
            set_version(conn, version, True)
            conn.execute(path.read_text())
            set_version(conn, version, False)
    return time.perf_counter() - begun


def set_version(conn, version: int, dirty: bool) -> None:
    conn.execute("BEGIN")
    conn.execute('TRUNCATE "public"."schema_migrations"')
    conn.execute('INSERT INTO "public"."schema_migrations" (version, dirty) VALUES (%s, %s)', (version, dirty))
    conn.execute("COMMIT")


def find_dbmate(folder: Path) -> Path | NotMeasured:
    """The program that dbmate's npm package carries, or why npm cannot bring it."""
    folder.mkdir()
    try:
        done = subprocess.run(
            ["npm", "install", "--prefix", str(folder), "--no-audit", "--no-fund", "dbmate"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        said = done.stderr
    except FileNotFoundError:
        said = "npm is not installed"
    found = next(iter(folder.glob("node_modules/@dbmate/*/bin/dbmate")), None)
    why = (said.strip().splitlines() or ["it said nothing"])[-1]
    return found or NotMeasured(f"migrations: {FILES} files", f"dbmate is the peer, and npm cannot bring it: {why}")


def status(postgres: Server, folder: Path) -> Result:
    """The time of `status` with 10,000 applied files, less that of a run on an empty directory."""
    migrations, empty = write_files(folder / "many", APPLIED, "{}", "up.sql"), folder / "empty"
    empty.mkdir()
    for name in ("many", "none"):
        postgres.fresh(name)
    timed(verb("migrate", NAMELESS), folder, ours(postgres, "many", migrations_dir=migrations))
    timed(verb("migrate", NAMELESS), folder, ours(postgres, "none", migrations_dir=empty))
    full, bare = [], []
    for _ in range(TURNS):
        full.append(timed(verb("status"), folder, ours(postgres, "many", migrations_dir=migrations)))
        bare.append(timed(verb("status"), folder, ours(postgres, "none", migrations_dir=empty)))
    return Result(
        f"status: {APPLIED} applied files",
        middle(full) - middle(bare),
        0.5,
        "s",
        "the limit of 0.5 s beyond start-up",
        1.0,
    )


def fixture(postgres: Server, folder: Path) -> Iterator[Result]:
    """Loading a file of COPY data, and the memory that it takes."""
    large, small = (write_fixture(folder / f"fixtures{size}", size) for size in (FIXTURE_MB, SMALL_MB))
    own, psql = [], []
    for _ in range(TURNS):
        prepare(postgres)
        psql.append(timed(postgres.psql("bench", "-1", "-f", str(next(large.iterdir()))), folder, environment()))
        prepare(postgres)
        own.append(timed(verb("fixtures"), folder, ours(postgres, "bench", fixtures_dir=large)))
    yield Result(
        f"fixtures: {FIXTURE_MB} MB of COPY data",
        middle(own),
        middle(psql),
        "s",
        "psql -1 -f, at 0.9 of its rate",
        1.11,
    )
    most, least = (peak(postgres, folder, each) for each in (large, small))
    yield Result(f"fixtures: peak memory, {FIXTURE_MB} MB", most, least, "MB", f"the same with {SMALL_MB} MB", 1.1)


def prepare(postgres: Server) -> None:
    postgres.fresh("bench")
    subprocess.run(postgres.psql("bench", "-c", TABLE), check=True, capture_output=True)


def peak(postgres: Server, folder: Path, fixtures: Path) -> float:
    """Megabytes that our side holds at most while it loads that folder."""
    prepare(postgres)
    done = subprocess.run(
        [sys.executable, "-c", WATCH, *verb("fixtures")],
        cwd=folder,
        text=True,
        check=True,
        env=ours(postgres, "bench", fixtures_dir=fixtures),
        capture_output=True,
    )
    return float(done.stdout.strip().splitlines()[-1])


def write_fixture(folder: Path, megabytes: int) -> Path:
    """A folder with one file as `pg_dump --data-only` writes it, of at least that size."""
    folder.mkdir()
    with (folder / "1_load.sql").open("w") as file:
        written = file.write("COPY public.load (id, name, note) FROM stdin;\n")
        number = 0
        while written < megabytes * 2**20:
            rows = "".join(
                f"{each}\tname of row {each}\t{'words that fill the row ' * 3}{each * 7919 % 100003}\n"
                for each in range(number, number + 5_000)
            )
            number += 5_000
            written += file.write(rows)
        file.write("\\.\n")
    return folder
