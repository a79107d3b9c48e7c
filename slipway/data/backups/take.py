"""`backup`: one consistent picture of the stack's data, under its name only when it is complete and on the disk."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import slipway
from slipway.data import wire
from slipway.data.backups import dump, extras, fingerprint, folder, lock, manifest, snapshot, source
from slipway.data.backups.dump import Dump
from slipway.data.backups.interface import Backup, Need, Taken
from slipway.data.backups.pace import Pace
from slipway.data.backups.snapshot import Moved, Snapshot
from slipway.data.backups.source import Source
from slipway.data.endpoints import Emit, Endpoints
from slipway.data.postgres import connection
from slipway.data.postgres import programs as postgres_programs
from slipway.data.progress import progress
from slipway.data.verb import Nothing
from slipway.errors import BackupError, SettingsError
from slipway.stack import stores
from slipway.system import disk

# Each with the words for whoever has to wait for it.
KINDS = {
    "manual": "a backup",
    "deploy": "the backup of a deploy",
    "schedule": "a scheduled backup",
    "pitr": "the backup after a restore",
}
PARTS = ("database", "objects")
ONLY = {"db": ("database",), "objects": ("objects",), **{name: (name,) for name in stores.WHOLE}}
TRIES = 3
INTERVAL = 0.3
LONGEST_LABEL = 200


def parts_of(wish: Backup) -> tuple[str, ...]:
    return PARTS if wish.only is None else ONLY[wish.only]


def refuse_senseless(wish: Backup) -> None:
    """Raises SettingsError for what cannot be meant."""
    if wish.kind not in KINDS:
        raise SettingsError("kind", wish.kind, ", ".join(KINDS), "./invoke backup")
    if wish.only is not None and wish.only not in ONLY:
        raise SettingsError("--only", wish.only, ", ".join(ONLY), "./invoke backup --only db")
    if len(wish.label) > LONGEST_LABEL or not wish.label.isprintable():
        raise SettingsError(
            "--label",
            f"{len(wish.label)} characters",
            f"one line of {LONGEST_LABEL} at most",
            "./invoke backup --label 'before the big change'",
        )


def take(ends: Endpoints, wish: Backup, emit: Emit) -> Taken:
    """Takes a backup.

    Nothing of a backup that fails stays. Raises BackupError, LockHeld while another one is taken, GateError.
    """
    refuse_senseless(wish)
    begun = time.monotonic()
    with lock.hold_lock(ends, KINDS[wish.kind], wish.wait, lambda text: progress(emit, text, 0, 0, "")) as place:
        name = folder.new_id(ends)
        work = place / f"{folder.PARTIAL}{name}-{os.getpid()}"
        try:
            work.mkdir(mode=0o700)
            manifest.write(work, fill_folder(ends, wish, name, work, emit))
            settle(work, place / name)
        except OSError as error:
            raise folder.unreachable(place, error) from None
        finally:
            shutil.rmtree(work, ignore_errors=True)
    content = manifest.read(place / name)
    told = {"path": str(place / name), "seconds": round(time.monotonic() - begun, 3)}
    return wire.decode(Taken, content | told)


def look_for_need(ends: Endpoints, args: Nothing, emit: Emit) -> Need:
    """Whether migrations want a backup before them."""
    return Need(needless(ends))


def needless(ends: Endpoints) -> str:
    """Why no backup has to be taken before migrations, or an empty text."""
    from slipway.data.migrations import facts, files

    history = facts.look(ends)[1]
    if history and not files.find_pending(files.read(ends.migrations_dir)[0], history):
        return "no migration is pending"
    with source.connect(source.choose(ends)) as conn, connection.told(BackupError, "database"):
        return "" if fingerprint.tables(conn) else "the database holds nothing yet"


def fill_folder(ends: Endpoints, wish: Backup, name: str, work: Path, emit: Emit) -> dict:
    """Writes every file but the manifest and returns the manifest's content."""
    content = {
        "id": name,
        "label": wish.label,
        "kind": wish.kind,
        "parts": list(parts_of(wish)),
        "stack": ends.backup.stack,
        "environment": ends.backup.environment,
        "begun": now(),
        "release": wish.release,
        "tools": {"slipway": slipway.__version__},
        "tables": {},
        "sequences": {},
        "large_objects": 0,
        "extensions": {},
        "objects": None,
        **dict.fromkeys(stores.WHOLE),
    }
    if "database" in parts_of(wish):
        found = database(ends, wish, name, work, emit)
        content |= found | {"tools": content["tools"] | found["tools"]}
    content |= extras.write(ends, parts_of(wish), work, wish.keys, emit)
    content["files"] = weigh_files(work)
    return content | {"ended": now()}


def weigh_files(work: Path) -> dict[str, dict]:
    """The size and digest of every file; the disk takes them over at the same time."""
    paths = sorted(work.iterdir())
    with ThreadPoolExecutor(1) as pool:
        flushing = pool.submit(lambda: [disk.sync_path(path) for path in paths])
        found = {path.name: manifest.facts(path) for path in paths}
        flushing.result()
    return found


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def database(ends: Endpoints, wish: Backup, name: str, work: Path, emit: Emit) -> dict:
    """The dump and the roles; again from the start when the schema moved in between."""
    way = source.choose(ends)
    for attempt in range(1, TRIES + 1):
        try:
            return once(ends, wish, way, name, work, emit)
        except Moved as error:
            if attempt == TRIES:
                raise BackupError(
                    error.where,
                    error.found,
                    "a schema that stays as it is while the dump begins",
                    "the same command again, when no migration runs",
                    error.log,
                ) from None
            progress(emit, f"the schema changed meanwhile, trying again: {error.found}", 0, 0, "")
            time.sleep(0.5 * attempt)
    raise AssertionError("unreachable")


def once(ends: Endpoints, wish: Backup, way: Source, name: str, work: Path, emit: Emit) -> dict:
    with snapshot.open_snapshot(way) as taken:
        facts = source.describe_server(taken.conn)
        programs = postgres_programs.folder(
            ends, facts["server_version_num"] // 10000, "pg_dump", "pg_dumpall", "pg_restore"
        )
        reader = Source(ends.admin_url, source.ADMIN, way.database) if wish.passwords and ends.admin_url else way
        with ThreadPoolExecutor(1) as pool:
            roles = pool.submit(dump.roles, programs, reader, work / manifest.GLOBALS, wish.passwords)
            version = pool.submit(dump.version, programs / "pg_dump")
            tables = dump_database(
                programs, way, taken, work / manifest.DUMP, f"slipway backup {name}", wish.contents, emit
            )
            roles.result()
    facts["server_version"] = facts["server_version"].split(" ")[0]
    return facts | {
        "tables": tables,
        "tools": {"pg_dump": version.result()},
        "compression": dump.describe_packing(programs / "pg_dump"),
    }


def dump_database(
    programs: Path, way: Source, taken: Snapshot, target: Path, name: str, contents: bool, emit: Emit
) -> dict:
    """Runs pg_dump and, in the snapshot's own session at the same time, the counts; returns those."""
    with (
        Pace(way, taken, name) as pace,
        ThreadPoolExecutor(1) as pool,
        dump.run_dump(programs, way, taken.name, target, name) as running,
    ):
        counting = pool.submit(snapshot.count_tables, taken, contents)
        try:
            watch(
                running,
                pace,
                counting,
                lambda: progress(emit, f"dumping {way.database}", pace.written_bytes(running), pace.total, "bytes"),
            )
            progress(emit, "counting rows", 0, 0, "")
            return counting.result()
        except BaseException:
            taken.conn.cancel_safe()
            raise


def watch(running: Dump, pace: Pace, counting: Future, tell: Callable[[], None]) -> None:
    """Until pg_dump has ended well. Raises what it said, what the counts met, or Moved.

    When the first rows are written every definition has been read: only a change before that can matter.
    """
    unproven = True
    while not running.over(INTERVAL):
        tell()
        if unproven and running.begun:
            pace.refuse_moved()
            unproven = False
        if counting.done() and counting.exception():
            counting.result()
    running.check()
    if unproven:
        pace.refuse_moved()


def settle(work: Path, final: Path) -> None:
    """Every file to the disk, then the name, then the name to the disk."""
    for path in (*work.iterdir(), work):
        disk.sync_path(path)
    work.rename(final)
    disk.sync_path(final.parent)
