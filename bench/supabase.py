"""Leaving Supabase: the copy against pg_dump and pg_restore, the proof against the copy, the objects against rclone copy."""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import psycopg
from psycopg.types.json import Jsonb

from bench import mirror
from bench.harness import Result
from bench.postgres import Server, server
from bench.restore import MIXED, ignore
from slipway.data.backups import dump
from slipway.data.restore import filling
from slipway.engine.embedded import binaries
from slipway.ops import verbs
from tests.support.supabase.source import Source, source

TIMES = 3
MEGABYTES = int(os.environ.get("BENCH_MEGABYTES", "1024"))  # of the database; the default is what the bar is for
BUCKET = "files"
OBJECTS = {"small": (4_000, 16 * 1024), "large": (40, 16 * 2**20)}  # how many, of how many bytes


def measure() -> Iterator[Result]:
    """A project with that many rows; each measured by turns, so that all meet the same machine."""
    with source(project=False) as project, server() as target, tempfile.TemporaryDirectory() as folder:
        fill(project)
        target.fresh("shop")
        for role in ("anon", "authenticated", "service_role", "supabase_auth_admin"):  # those of each stack
            subprocess.run(target.psql("postgres", "-c", f"CREATE ROLE {role}"), check=True, capture_output=True)
        yield from of_database(project, target, Path(folder))
        for kind, (number, size) in OBJECTS.items():
            yield of_objects(kind, number, size, project, target, Path(folder) / kind)


def fill(project: Source) -> None:
    rows = MEGABYTES * 2**20 // 450
    with project.connect() as team:
        team.execute(MIXED.format(users=rows // 8, events=rows))
    with psycopg.connect(project.admin_url, autocommit=True) as admin:
        # PostgreSQL 15.20 keeps pg_attver there, which no other takes: the peer could not restore a table.
        admin.execute("UPDATE pg_attribute SET attoptions = NULL WHERE attrelid > 16384")
        admin.execute("VACUUM ANALYZE")
        admin.execute("CHECKPOINT")


def of_database(project: Source, target: Server, folder: Path) -> Iterator[Result]:
    env = told(project, target, folder)
    copies, plains, proofs = [], [], []
    for _ in range(TIMES):
        plains.append(plain(project, target, folder))
        copies.append(seconds("supabase.copy", {"into": "moved"}, env))
        proofs.append(seconds("supabase.prove", {"database": "moved"}, env))
        target.fresh("moved")
        subprocess.run(target.psql("postgres", "-c", "DROP DATABASE moved"), check=True, capture_output=True)
    copy, peer, proof = (statistics.median(each) for each in (copies, plains, proofs))
    jobs = filling.jobs()
    yield Result(f"supabase.copy, {MEGABYTES} MB", copy, peer, "s", f"pg_dump, then pg_restore --jobs={jobs}", 1.11)
    yield Result(f"supabase.prove, {MEGABYTES} MB", proof, copy, "s", "supabase.copy", 1.0)


def told(project: Source, target: Server, folder: Path, **more: str) -> Mapping[str, str]:
    return {
        "ADMIN_DATABASE_URL": target.url("postgres"),
        "MIGRATE_DATABASE_URL": target.url("shop"),
        "DATABASE_URL": target.url("shop"),
        "PG_BIN": str(target.programs),
        "STATE_DIR": str(folder),
        "SUPABASE_DB_URL": project.url,
        **more,
    }


def seconds(verb: str, args: dict, env: Mapping[str, str]) -> float:
    begun = time.perf_counter()
    verbs.run(verb, args, env, ignore)
    return time.perf_counter() - begun


def plain(project: Source, target: Server, folder: Path) -> float:
    """The two programs alone, with the compression and the jobs that the copy has."""
    url, file = target.fresh("plain"), str(folder / "plain.dump")
    method = dump.compression(target.programs / "pg_dump")
    subprocess.run(target.psql("plain", "-c", "DROP SCHEMA public"), check=True, capture_output=True)
    begun = time.perf_counter()
    argv = ["pg_dump", "--format=custom", f"--compress={method}", "--schema=public", "-f", file, "-d", project.url]
    run(target, *argv)
    run(target, "pg_restore", "--no-owner", "--no-privileges", f"--jobs={filling.jobs()}", "-d", url, file)
    return time.perf_counter() - begun


def run(target: Server, program: str, *words: str) -> None:
    subprocess.run([str(target.programs / program), *words], check=True, capture_output=True)


def of_objects(kind: str, number: int, size: int, project: Source, target: Server, folder: Path) -> Result:
    """From one S3 server to another, each a real one over a directory of its own."""
    here, there = folder / "here", folder / "there"
    names = [f"d{each % 50:02}/object-{each:05}.bin" for each in range(number)]
    for name in names:
        path = here / "store" / BUCKET / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.urandom(size))
    # A bucket for each turn: the server keeps its listings for a while.
    for turn in range(TIMES):
        for bucket in ("ours", "peer"):
            (there / "store" / f"{bucket}{turn}").mkdir(parents=True)
    index(target, names, size)
    with mirror.store(here) as origin, mirror.store(there) as store:
        ours, theirs = [], []
        for turn in range(TIMES):
            theirs.append(rclone(origin, store, f"peer{turn}"))
            env = told(project, target, folder, **keys(origin, store), S3_BUCKETS=f"ours{turn}")
            ours.append(seconds("supabase.objects", {}, env))
            (folder / "supabase" / "objects.sqlite").unlink()
    what = f"supabase.objects, {number:,} of {size // 1024:,} KB"
    return Result(what, statistics.median(ours), statistics.median(theirs), "s", "rclone copy", 1.0)


def index(target: Server, names: list[str], size: int) -> None:
    """The rows of an index that was copied before, as far as a mover reads it."""
    with psycopg.connect(target.url("shop"), autocommit=True) as conn:
        conn.execute("DROP SCHEMA IF EXISTS storage CASCADE; CREATE SCHEMA storage")
        conn.execute("CREATE TABLE storage.objects (bucket_id text, name text, version text, metadata jsonb)")
        with conn.cursor() as cursor:
            about = Jsonb({"size": size, "mimetype": "application/octet-stream"})
            rows = [(BUCKET, name, "v1", about) for name in names]
            cursor.executemany("INSERT INTO storage.objects VALUES (%s, %s, %s, %s)", rows)


def keys(origin: str, store: str) -> dict[str, str]:
    return {
        "S3_ENDPOINT": store,
        "S3_ACCESS_KEY": mirror.KEY,
        "S3_SECRET_KEY": mirror.SECRET,
        "SUPABASE_S3_ENDPOINT": origin,
        "SUPABASE_S3_ACCESS_KEY": mirror.KEY,
        "SUPABASE_S3_SECRET_KEY": mirror.SECRET,
    }


def rclone(origin: str, store: str, bucket: str) -> float:
    begun = time.perf_counter()
    argv = [str(binaries.rclone()), "copy", remote(origin, BUCKET), remote(store, bucket)]
    subprocess.run(argv, env=mirror.quiet(), check=True, capture_output=True)
    return time.perf_counter() - begun


def remote(endpoint: str, bucket: str) -> str:
    return f':s3,provider=Other,access_key_id={mirror.KEY},secret_access_key={mirror.SECRET},endpoint="{endpoint}":{bucket}'
