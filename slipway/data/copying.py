"""Copies a live database into an empty one: pg_dump reads a snapshot, so the live one goes on working meanwhile.

CREATE DATABASE … TEMPLATE would be quicker, but keeps everybody out of the live database while it copies.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from slipway.data import client_tools, older, throwaway
from slipway.data.commands import progress
from slipway.data.copiers import Child, running, wait
from slipway.data.endpoints import Emit, Endpoints

if TYPE_CHECKING:
    import psycopg

LARGE = 512 * 2 ** 20       # bytes from which several tables at once are worth a copy on disk in between
# An owner who is no superuser can neither give objects away nor comment on extensions.
AS_OWNER = ("--no-owner", "--no-privileges", "--no-comments", "--no-security-labels")


@dataclass(frozen=True)
class Job:
    """What to copy: the programs, the environments that lead to the two databases, and the version of the second."""
    programs: Path
    source: dict[str, str]
    target: dict[str, str]
    restore: tuple[str, ...]
    server: int


def copy(ends: Endpoints, beside: Endpoints, emit: Emit, rows: bool = True) -> dict:
    """Copies schema and data of `ends`, or the schema alone, into the empty `beside`; {"bytes": size of the live
    database, "ms"}.

    As administrator where there is one: every row and every owner. Raises MigrationError with the program's words.
    """
    started = time.monotonic()
    live, name = throwaway.database_of(ends), throwaway.database_of(beside)
    with throwaway.maker(ends, live) as conn, throwaway.maker(beside, name) as target:
        size, empty = size_of(conn), size_of(target)
        programs = client_tools.folder(ends, conn.info.server_version // 10000, "pg_dump", "pg_restore")

        def tell() -> None:
            progress(emit, f"copying {live}", min(max(size_of(target) - empty, 0), size), size, "bytes")

        job = job_of(ends, beside, programs, target)
        if not rows:
            through_pipe(job, tell, "--schema-only")
        elif size >= LARGE and shutil.disk_usage(tempfile.gettempdir()).free > size:
            in_parallel(job, tell)
        else:
            through_pipe(job, tell)
    return {"bytes": size, "ms": round((time.monotonic() - started) * 1000, 1)}


def job_of(ends: Endpoints, beside: Endpoints, programs: Path, target: psycopg.Connection) -> Job:
    return Job(programs, environment(ends, throwaway.database_of(ends)), environment(beside, throwaway.database_of(beside)),
               () if beside.admin_url else AS_OWNER, target.info.server_version)


def size_of(conn) -> int:
    return conn.execute("SELECT pg_database_size(current_database())").fetchone()[0]


def environment(ends: Endpoints, database: str) -> dict[str, str]:
    if ends.admin_url:
        return client_tools.environment(ends.admin_url, "ADMIN_DATABASE_URL", database)
    return client_tools.environment(ends.migrate_url, "MIGRATE_DATABASE_URL", database, ends.database_owner)


def named(env: dict[str, str]) -> str:
    """A name with = in it would be read as a connection string, so it is given as one."""
    from psycopg.conninfo import make_conninfo

    return make_conninfo(dbname=env["PGDATABASE"])


def through_pipe(job: Job, tell: Callable[[], None], *words: str) -> None:
    """pg_dump into pg_restore, no byte on disk."""
    dump = [str(job.programs / "pg_dump"), "-Fc", "--compress=0", "--no-subscriptions", *words]
    with running(dump, job.source, stdout=subprocess.PIPE) as reader:
        with restoring(job, stdin=reader.process.stdout) as writer:
            reader.process.stdout.close()       # so that pg_dump notices when pg_restore has ended
            wait((reader, writer), tell)


def in_parallel(job: Job, tell: Callable[[], None]) -> None:
    """Several tables at once, by way of a directory."""
    workers = min(4, os.cpu_count() or 1)
    with tempfile.TemporaryDirectory(prefix="slipway-rehearsal-") as folder:
        place = str(Path(folder) / "dump")
        dump = [str(job.programs / "pg_dump"), "-Fd", "--compress=1", "--no-subscriptions", "-j", str(workers), "-f", place]
        with running(dump, job.source) as reader:
            wait((reader,), tell)
        with restoring(job, place, jobs=workers) as writer:
            wait((writer,), tell)


@contextmanager
def restoring(job: Job, *words: str, jobs: int = 1, **streams: object) -> Iterator[Child]:
    """pg_restore into the second database, in English, since its words are read."""
    errors = older.Errors(job.server, jobs)
    argv = [str(job.programs / "pg_restore"), *errors.words, *job.restore, f"--jobs={jobs}", "-d", named(job.target)]
    with running([*argv, *words], job.target | {"LC_ALL": "C"}, errors, **streams) as child:
        yield child
