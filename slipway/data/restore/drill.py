"""`backups.drill`: a backup restored into a Postgres of its own, compared with its manifest, and the evidence kept.

Nothing of the live stack is asked: its database has no load of it, and may even be away.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from slipway.data import wire
from slipway.data.backups import folder, lock, manifest, parts, verify
from slipway.data.endpoints import Emit, Endpoints, Secret
from slipway.data.postgres import cluster, connection, copy, scratch
from slipway.data.progress import progress
from slipway.data.restore import archive, filling, objects, people, place, proof
from slipway.data.restore.interface import Check, Drill, Drilled
from slipway.errors import BackupError, SettingsError, SlipwayError, VerificationError

PREFIX = ".drill-"
# Errors that say nothing about the backup.
NO_FAULT = re.compile(f"{filling.FULL.pattern}|server closed the connection unexpectedly")
# Small, so that it fits beside whatever else runs in the ops container, and careless: nothing of it outlives the drill.
SERVER = (
    *cluster.HASTY,
    "-c",
    "shared_buffers=64MB",
    "-c",
    "maintenance_work_mem=64MB",
    "-c",
    "max_connections=40",
    "-c",
    "wal_level=minimal",
    "-c",
    "max_wal_senders=0",
    "-c",
    "max_wal_size=2GB",
    "-c",
    "autovacuum=off",
    "-c",
    "jit=off",
    "-c",
    "dynamic_shared_memory_type=mmap",
    "-c",
    "synchronous_commit=off",
)


def drill(ends: Endpoints, args: Drill, emit: Emit) -> Drilled:
    """Restores a backup into a throwaway server and writes what was found to its drill.json.

    Raises VerificationError when
    the backup does not hold, with its evidence written; BackupError or SettingsError when the drill could not be done,
    which says nothing about the backup.
    """
    started, path = time.monotonic(), choose_backup(ends, args.id)
    with lock.hold_for_reading(path):
        server, checks = try_backup(ends, path, emit)
        evidence = Drilled(
            path.name,
            datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            not proof.failures(checks),
            round(time.monotonic() - started, 3),
            server,
            tuple(checks),
        )
        write(path, evidence)
    if failed := proof.failures(checks):
        raise VerificationError(
            f"drill of backup {path.name}",
            failed[0],
            "a backup that can be restored",
            "./invoke backup, and ./invoke backups.drill of it",
            tuple(failed[1:]),
        )
    return evidence


def choose_backup(ends: Endpoints, identity: str | None) -> Path:
    if identity:
        return folder.find(ends, identity)
    there = folder.places(ends)
    if not there:
        raise BackupError("backups", "there is none", "a backup to restore on trial", "./invoke backup")
    # Objects or another store alone do not stand in for a database; a damaged one does, so that it is noticed.
    lesser = {each["path"] for each in folder.list_backups(ends) if "database" not in each["parts"]}
    return min(there, key=lambda path: (folder.future(path.name), path in lesser))


def try_backup(ends: Endpoints, path: Path, emit: Emit) -> tuple[str, list[Check]]:
    """Version of the server that restored it, and every check up to the first without which no other can be made."""
    progress(emit, f"reading the files of {path.name}", 0, 0, "")
    files = proof.wrong("files", verify.problems(path), "each is as it was written")
    if not files.ok:
        return "", [files]
    found = folder.read(path)
    for part in parts.load():
        if found["parts"] == [part.name]:
            # Only its own server could prove it, and a proof of less would be none.
            raise BackupError(
                f"drill of backup {path.name}",
                f"it holds {part.title} alone",
                "a database or objects to try",
                f"./invoke backups.verify {path.name}",
            )
    checks = [files]
    server = ""
    if manifest.DUMP in found["files"]:
        opened = archive.open_archive(ends, path, found, found["server_version_num"] // 10000, *cluster.PROGRAMS)
        with server_of_its_own(ends, opened.programs) as there:
            server, more = restore_database(there, opened, emit)
            checks += more
    return server, [*checks, *objects.checks(ends, path, found)]


@contextmanager
def server_of_its_own(ends: Endpoints, programs: Path) -> Iterator[Endpoints]:
    """Beside the backups, since only there is room for a database: a container's temporary directory is memory."""
    parent = folder.root(ends) if reachable(folder.root(ends)) else Path(tempfile.gettempdir())
    with cluster.running(programs, parent, PREFIX, refusal, SERVER) as sockets:
        yield at(ends, sockets)


def reachable(parent: Path) -> bool:
    """Whether the account that runs the server may enter the directory."""
    whose = cluster.account()
    return not subprocess.run(
        [*whose.prefix, "test", "-x", str(parent)], capture_output=True, check=False, **dict(whose.options)
    ).returncode


def refusal(said: str) -> BackupError:
    return BackupError(
        "throwaway server of the drill", said, "a server beside the backups", "make room where the backups are: df -h"
    )


def at(ends: Endpoints, sockets: str) -> Endpoints:
    """Endpoints that know that server and nothing else: its superuser is administrator and migrating role in one."""
    from psycopg.conninfo import make_conninfo

    url = Secret(make_conninfo(host=sockets, user=cluster.ADMIN, dbname="postgres"))
    return dataclasses.replace(ends, admin_url=url, migrate_url=url, app_database_url=Secret(), database_owner="")


def restore_database(there: Endpoints, opened: archive.Archive, emit: Emit) -> tuple[str, list[Check]]:
    """Fills the database and compares it. That it cannot be filled is a finding; that there is no room, or that the server
    ended, which it does where its log finds no room, is none."""
    with scratch.maker(there) as conn, connection.told(BackupError, f"drill of {opened.path.name}"):
        version = conn.execute("SHOW server_version").fetchone()[0].split(" ")[0]
        try:
            without = archive.refuse_unfit(opened, conn.info.server_version // 10000, archive.available(conn))
            made = place.Made("drill")
            place.create(conn, made, "drill", cluster.ADMIN, opened.manifest)
            people.ensure(conn, opened.roles | people.defined_roles(opened.globals), opened.globals)
            entries = archive.selection(opened, without, [], False)
            with scratch.maker(there, made.name) as watch:
                count = filling.fill(opened, copy.environment(there, made.name), entries, (), emit, watch)
        except SlipwayError as error:
            if isinstance(error, SettingsError) or NO_FAULT.search("\n".join((error.found, *error.log))):
                raise
            return version, [Check("restore", False, f"{error.found}; next: {error.next}")]
    scope = proof.Scope(without=tuple(without), deep=True)
    checks = proof.checks(lambda: scratch.maker(there, made.name), opened, scope, emit)
    said = "; ".join([f"{count:,} entries", *elsewhere(opened.manifest["server_version"], version), *made.notes])
    return version, [Check("restore", True, said), *checks]


def elsewhere(then: str, now: str) -> list[str]:
    """Both versions, where the drill's server is of another major one."""
    return [f"taken from PostgreSQL {then}, restored on {now}"] if then.split(".")[0] != now.split(".")[0] else []


def write(path: Path, evidence: Drilled) -> None:
    """The evidence whole or not at all. It is made beside the backup: half a file inside would be a stranger there."""
    told = {key: value for key, value in wire.encode(evidence).items() if key != "id"}
    text = json.dumps(told, indent=1, ensure_ascii=False).encode() + b"\n"
    new = path.parent / f"{PREFIX}evidence-{path.name}-{os.getpid()}"
    try:
        manifest.put(new, text)
        new.replace(path / manifest.EVIDENCE)
    except OSError as error:
        new.unlink(missing_ok=True)
        raise folder.unreachable(path.parent, error) from None
