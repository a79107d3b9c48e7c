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
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from slipway.data import client_tools, throwaway
from slipway.data.commands import progress
from slipway.data.endpoints import Emit, Endpoints
from slipway.errors import MigrationError

LARGE = 512 * 2 ** 20       # bytes from which several tables at once are worth a copy on disk in between
INTERVAL = 0.3
# An owner who is no superuser can neither give objects away nor comment on extensions.
AS_OWNER = ("--no-owner", "--no-privileges", "--no-comments", "--no-security-labels")


@dataclass(frozen=True)
class Job:
    """What to copy: the programs, and the environments that lead to the two databases."""
    programs: Path
    source: dict[str, str]
    target: dict[str, str]
    restore: tuple[str, ...]


@dataclass(frozen=True)
class Child:
    """A program at work, and where its complaints go."""
    program: str
    process: subprocess.Popen
    said: IO[bytes]
    env: dict[str, str]

    def words(self) -> str:
        self.said.seek(0)
        return client_tools.last_words(self.said.read(), self.env)


def copy(ends: Endpoints, beside: Endpoints, emit: Emit) -> dict:
    """Copies schema and data of `ends` into the empty `beside`; {"bytes": size of the live database, "ms"}.

    As administrator where there is one: every row and every owner. Raises MigrationError with the program's words.
    """
    started = time.monotonic()
    live, name = throwaway.database_of(ends), throwaway.database_of(beside)
    with throwaway.maker(ends, live) as conn, throwaway.maker(beside, name) as target:
        size, empty, major = size_of(conn), size_of(target), conn.info.server_version // 10000

        def tell() -> None:
            progress(emit, f"copying {live}", min(max(size_of(target) - empty, 0), size), size, "bytes")

        job = Job(client_tools.folder(ends, major, "pg_dump", "pg_restore"), environment(ends, live),
                  environment(beside, name), () if beside.admin_url else AS_OWNER)
        if size >= LARGE and shutil.disk_usage(tempfile.gettempdir()).free > size:
            in_parallel(job, tell)
        else:
            through_pipe(job, tell)
    return {"bytes": size, "ms": round((time.monotonic() - started) * 1000, 1)}


def size_of(conn) -> int:
    return conn.execute("SELECT pg_database_size(current_database())").fetchone()[0]


def environment(ends: Endpoints, database: str) -> dict[str, str]:
    if ends.admin_url:
        return client_tools.environment(ends.admin_url, "ADMIN_DATABASE_URL", database)
    return client_tools.environment(ends.migrate_url, "MIGRATE_DATABASE_URL", database, ends.database_owner)


def through_pipe(job: Job, tell: Callable[[], None]) -> None:
    """pg_dump into pg_restore, no byte on disk."""
    dump, restore = str(job.programs / "pg_dump"), str(job.programs / "pg_restore")
    with running([dump, "-Fc", "--compress=0", "--no-subscriptions"], job.source, stdout=subprocess.PIPE) as reader:
        words = [restore, "--exit-on-error", *job.restore, "-d", job.target["PGDATABASE"]]
        with running(words, job.target, stdin=reader.process.stdout) as writer:
            reader.process.stdout.close()       # so that pg_dump notices when pg_restore has ended
            wait((reader, writer), tell)


def in_parallel(job: Job, tell: Callable[[], None]) -> None:
    """Several tables at once, by way of a directory."""
    workers = str(min(4, os.cpu_count() or 1))
    with tempfile.TemporaryDirectory(prefix="slipway-rehearsal-") as folder:
        place = str(Path(folder) / "dump")
        dump = [str(job.programs / "pg_dump"), "-Fd", "--compress=1", "--no-subscriptions", "-j", workers, "-f", place]
        with running(dump, job.source) as reader:
            wait((reader,), tell)
        words = [str(job.programs / "pg_restore"), "--exit-on-error", *job.restore, "-j", workers,
                 "-d", job.target["PGDATABASE"], place]
        with running(words, job.target) as writer:
            wait((writer,), tell)


@contextmanager
def running(argv: list[str], env: dict[str, str], **streams: object) -> Iterator[Child]:
    """A child that does not outlive the block. Its complaints go to a file: a full pipe would stop it."""
    with tempfile.TemporaryFile() as said:
        child = subprocess.Popen(argv, env=env, stderr=said, process_group=0,
                                 **({"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL} | streams))
        try:
            yield Child(Path(argv[0]).name, child, said, env)
        finally:
            if child.poll() is None:
                child.terminate()
            child.wait()


def wait(children: tuple[Child, ...], tell: Callable[[], None]) -> None:
    """Waits for all of them. Raises MigrationError with the last words of whichever failed for a reason of its own."""
    for process in (child.process for child in reversed(children)):
        while process.poll() is None:
            tell()
            with suppress(subprocess.TimeoutExpired):
                process.wait(INTERVAL)
    failed = [child for child in children if child.process.returncode]
    if failed:
        culprit = next((child for child in failed if "roken pipe" not in child.words()), failed[-1])
        raise MigrationError(f"{culprit.program} for the copy", culprit.words(),
                             "a role that may read every table, and extensions that can be made again",
                             "./invoke logs -s postgres")
