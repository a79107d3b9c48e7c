"""Fills an empty database from a live one, of which pg_dump reads a snapshot while it goes on working, or from a dump.

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

from slipway.data.backups import manifest
from slipway.data.endpoints import Emit, Endpoints
from slipway.data.postgres import extensions, older, scratch
from slipway.data.postgres import programs as postgres_programs
from slipway.data.postgres.copiers import Child, running, wait
from slipway.data.progress import progress
from slipway.data.restore import archive, filling
from slipway.errors import BackupError, MigrationError

if TYPE_CHECKING:
    import psycopg

# Of columns, as restore.defining tells.
VERSIONS = "SELECT EXISTS (SELECT FROM pg_attribute WHERE array_to_string(attoptions, ',') LIKE '%pg_attver=%')"
LARGE = 512 * 2**20  # bytes from which several tables at once are worth a copy on disk in between
# An owner who is no superuser can neither give objects away nor comment on extensions.
AS_OWNER = ("--no-owner", "--no-privileges", "--no-comments", "--no-security-labels")


@dataclass(frozen=True)
class Job:
    """What to copy: the programs, the environments that lead to the two databases, the version of the second, and the
    extensions that cannot be made there."""

    programs: Path
    source: dict[str, str]
    target: dict[str, str]
    restore: tuple[str, ...]
    server: int
    without: tuple[str, ...] = ()

    @property
    def excludes(self) -> bool:
        """Whether this pg_dump can leave them out by itself."""
        return postgres_programs.version(self.programs / "pg_dump") >= extensions.EXCLUDES

    @property
    def exclusions(self) -> tuple[str, ...]:
        return tuple(f"--exclude-extension={name}" for name in self.without if self.excludes)


@dataclass(frozen=True)
class Copied:
    """The size of the database that was copied, and how long it took."""

    bytes: int
    ms: float


def copy(ends: Endpoints, beside: Endpoints, emit: Emit, rows: bool = True) -> Copied:
    """Copies schema and data of `ends`, or the schema alone, into the empty `beside`.

    As administrator where there is one: every row and every owner. Raises MigrationError with the program's words.
    """
    started = time.monotonic()
    live, name = scratch.database_of(ends), scratch.database_of(beside)
    with scratch.maker(ends, live) as conn, scratch.maker(beside, name) as target:
        size, empty = size_of(conn), size_of(target)
        programs = postgres_programs.folder(ends, conn.info.server_version // 10000, "pg_dump", "pg_restore")

        def tell() -> None:
            progress(emit, f"copying {live}", min(max(size_of(target) - empty, 0), size), size, "bytes")

        without = extensions.unmakeable(target, beside, extensions.installed(conn))
        job = job_of(ends, beside, programs, target, without)
        what = () if rows else ("--schema-only",)
        elsewhere = beside.admin_url and not ends.admin_url  # a server that was started for this
        unexcluded = without and not job.excludes
        if unexcluded or (elsewhere and conn.execute(VERSIONS).fetchone()[0]):
            by_file(job, emit, target, tell, *what)
        elif not rows:
            through_pipe(job, tell, *what)
        elif size >= LARGE and shutil.disk_usage(tempfile.gettempdir()).free > size:
            in_parallel(job, tell)
        else:
            through_pipe(job, tell)
    return Copied(size, round((time.monotonic() - started) * 1000, 1))


def restore(ends: Endpoints, beside: Endpoints, dump: Path, emit: Emit) -> Copied:
    """Fills the empty `beside` from a backup's dump.

    Raises BackupError where that server cannot take it.
    """
    started, name = time.monotonic(), scratch.database_of(beside)
    with scratch.maker(beside, name) as target:
        major = target.info.server_version // 10000
        opened = archive.open_archive(ends, dump.parent, manifest.read(dump.parent), major)
        archive.refuse_unfit(opened, major, archive.available(target))
        without = extensions.unmakeable(target, beside, opened.manifest["extensions"])
        job = job_of(ends, beside, opened.programs, target, without)
        with filling.entry_words(archive.selection(opened, without, [], schema_only=False)) as listed:
            words = ("--no-subscriptions", *listed, str(dump))
            with restoring(job, *words, jobs=os.cpu_count() or 1) as writer:
                wait((writer,), lambda: progress(emit, f"restoring {dump.parent.name}", size_of(target), 0, "bytes"))
        return Copied(size_of(target), round((time.monotonic() - started) * 1000, 1))


def job_of(ends: Endpoints, beside: Endpoints, programs: Path, target: psycopg.Connection, without: list[str]) -> Job:
    return Job(
        programs,
        environment(ends, scratch.database_of(ends)),
        environment(beside, scratch.database_of(beside)),
        () if beside.admin_url else AS_OWNER,
        target.info.server_version,
        tuple(without),
    )


def size_of(conn) -> int:
    return conn.execute("SELECT pg_database_size(current_database())").fetchone()[0]


def environment(ends: Endpoints, database: str) -> dict[str, str]:
    if ends.admin_url:
        return postgres_programs.environment(ends.admin_url, "ADMIN_DATABASE_URL", database)
    return postgres_programs.environment(ends.migrate_url, "MIGRATE_DATABASE_URL", database, ends.database_owner)


def named(env: dict[str, str]) -> str:
    """A name with = in it would be read as a connection string, so it is given as one."""
    from psycopg.conninfo import make_conninfo

    return make_conninfo(dbname=env["PGDATABASE"])


def through_pipe(job: Job, tell: Callable[[], None], *words: str) -> None:
    """pg_dump into pg_restore, no byte on disk."""
    dump = [str(job.programs / "pg_dump"), "-Fc", "--compress=0", "--no-subscriptions", *job.exclusions, *words]
    with running(dump, job.source, stdout=subprocess.PIPE) as reader:
        with restoring(job, stdin=reader.process.stdout) as writer:
            reader.process.stdout.close()  # so that pg_dump notices when pg_restore has ended
            wait((reader, writer), tell)


def by_file(job: Job, emit: Emit, target: psycopg.Connection, tell: Callable[[], None], *words: str) -> None:
    """By way of a dump, of which the definitions may hold what the other server does not take, and the list what its
    role may not make."""
    with tempfile.TemporaryDirectory(prefix="slipway-rehearsal-") as folder:
        opened = archive.Archive(Path(folder), {"tables": {}}, job.programs)
        dump = [
            str(job.programs / "pg_dump"),
            "-Fc",
            "--compress=1",
            "--no-subscriptions",
            *job.exclusions,
            *words,
            "-f",
            str(opened.dump),
        ]
        with running(dump, job.source) as reader:
            wait((reader,), tell)
        try:
            entries = archive.selection(opened, list(job.without), [], schema_only=False)
            filling.fill(opened, job.target, entries, job.restore, emit, target)
        except BackupError as error:
            raise MigrationError(error.where, error.found, error.expected, error.next, error.log) from None


def in_parallel(job: Job, tell: Callable[[], None]) -> None:
    """Several tables at once, by way of a directory."""
    workers = min(4, os.cpu_count() or 1)
    with tempfile.TemporaryDirectory(prefix="slipway-rehearsal-") as folder:
        place = str(Path(folder) / "dump")
        dump = [
            str(job.programs / "pg_dump"),
            "-Fd",
            "--compress=1",
            "--no-subscriptions",
            *job.exclusions,
            "-j",
            str(workers),
            "-f",
            place,
        ]
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
