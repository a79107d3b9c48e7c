"""`backups.push`: copies backups elsewhere; the bytes of objects first, the manifest last, so that half a copy is none."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from itertools import groupby
from pathlib import Path

from slipway.data import mirror
from slipway.data.backups import folder, lock, manifest, verify
from slipway.data.endpoints import Emit, Endpoints
from slipway.data.mirror import manifest as objects_list
from slipway.data.mirror.crew import Tally, each
from slipway.data.mirror.pool import Pool
from slipway.data.objects import multipart
from slipway.data.offsite import listing, locking, naming, place, sealing, used
from slipway.data.offsite.interface import Push, Pushed, Sent
from slipway.data.offsite.listing import Copy
from slipway.data.offsite.place import SEALED
from slipway.data.offsite.sending import Way, is_there, plainly, seal_file, send
from slipway.data.offsite.shelf import Shelf
from slipway.data.progress import progress
from slipway.errors import BackupError

EVIDENCE = "offsite.json"
WORKERS = 8


class Damaged(BackupError):
    """A backup here that is not as it was written."""


def push(ends: Endpoints, args: Push, emit: Emit) -> Pushed:
    """Copies a backup, or every one that is not there yet, the newest first.

    A damaged one keeps none of the others from being copied; it is the error in the end. What a former try has sent is not sent again. Raises
    BackupError, with the backup itself untouched, and VerificationError when the store has other bytes afterwards.
    """
    remote = place.open_remote(ends)

    def tell(text: str) -> None:
        progress(emit, text, 0, 0, "")

    with (
        place.translate_failures(remote, "off-site copy"),
        place.alone(ends, "copying", tell, args.wait) as spool,
    ):
        recipients = remote.target.recipients
        way = Way(remote, spool, naming.mine(spool, recipients), sealing.recipients(recipients), locking.rule(remote))
        there = listing.copies(remote)
        done: list[Sent] = []
        refused = None
        for path in paths_to_push(ends, args.id, there):
            try:
                done.append(one(ends, way, path, there.get(path.name, Copy(path.name)), emit))
            except Damaged as error:
                refused = refused or error
    if refused:
        raise refused
    return Pushed(tuple(done), str(remote))


def paths_to_push(ends: Endpoints, identity: str | None, there: dict[str, Copy]) -> list[Path]:
    if identity:
        return [folder.find(ends, identity)]
    paths = [found["path"] for found in folder.list_backups(ends)]
    return [path for path in paths if path.name not in there or not there[path.name].complete]


def one(ends: Endpoints, way: Way, path: Path, copy: Copy, emit: Emit) -> Sent:
    """Copies one backup, which cannot be pruned meanwhile."""
    pool, work = Pool(folder.pool(ends)), way.spool / f"{path.name}-{way.names.mark}"
    objects = {"count": 0, "bytes": 0}
    with lock.hold_for_reading(path):
        refuse_damaged(path, pool.root)
        work.mkdir(exist_ok=True, mode=0o700)
        if copy.complete and copy.is_sealed == way.sealed:
            files = [(manifest.EVIDENCE, path / manifest.EVIDENCE)] if folder.read(path)["proven"] else []
        else:
            objects = copy_objects(way, path, pool, work, emit)
            files = list(to_send(way, path, work))
        sent = copy_files(way, path.name, files, work, copy, emit)
        if copy.complete and copy.is_sealed != way.sealed:
            remove_other_form(way, copy)
        write_evidence(way, path)
    shutil.rmtree(work, ignore_errors=True)
    return Sent(path.name, objects["bytes"] + sent, objects["count"])


def refuse_damaged(path: Path, pool: Path) -> None:
    """A damaged backup must not become a copy that is believed."""
    for problem in (*verify.problems(path), *mirror.find_missing(path, pool)):
        raise Damaged(
            f"backup {path.name}",
            problem,
            "a backup as it was written; it was not copied",
            f"./invoke backup for another one, and remove {path}",
        )


def copy_objects(way: Way, path: Path, pool: Pool, work: Path, emit: Emit) -> dict:
    """The pool's bytes that are not there yet: small ones side by side, then large ones, each in parts side by side."""
    count = 0
    with Shelf() as shelf:
        shelf.fill(way.remote)
        shelf.want(
            (way.names.of(entry.sha256), entry.sha256, entry.size) for entry in objects_list.read(path) if entry.sha256
        )
        tally = Tally(emit, "copying objects", sum(size for _, size in shelf.absent(way.sealed)))
        for large, some in groupby(shelf.absent(way.sealed), lambda found: found[1] > multipart.PART):
            for _ in each(partial(copy_object, way, pool, tally), some, tally.stop, 1 if large else WORKERS):
                count += 1
        for _ in each(partial(hold_object, way), shelf.wanted_names() if way.rule.until else (), tally.stop, WORKERS):
            pass
        used.write(work / used.NAME, shelf.wanted_names())
    return {"count": count, "bytes": tally.done}


def copy_object(way: Way, pool: Pool, tally: Tally, found: tuple[str, int]) -> None:
    sha256, _ = found
    name = way.names.of(sha256)
    form = way.spool / naming.OBJECTS / name
    send(way, way.remote.object(name), pool.path(sha256), sha256, form, tally)
    form.unlink(missing_ok=True)


def hold_object(way: Way, name: str) -> None:
    """An older copy of an object has to stay as long as the newest backup that uses it."""
    locking.hold(way.remote, way.remote.object(name), way.rule)


def copy_files(way: Way, identity: str, files: list[tuple[str, Path]], work: Path, copy: Copy, emit: Emit) -> int:
    """The backup's own files; returns the bytes sent. The manifest comes last: it makes the copy count."""
    tally = Tally(emit, "copying files", sum(source.stat().st_size for _, source in files))
    for name, source in files:
        copy_file(plainly(way) if name == used.NAME else way, identity, name, source, work, copy, tally)
    return tally.done


def copy_file(way: Way, identity: str, name: str, source: Path, work: Path, copy: Copy, tally: Tally) -> None:
    """One file, unless a former try has sent these very bytes."""
    sha256, there = manifest.facts(source)["sha256"], work / f"{name}{SEALED}"
    names = way.remote.file(identity, name + way.ending)
    form = seal_file(source, sha256, there, way.keys) if way.sealed else source
    if is_there(copy.files.get(name + way.ending), form):
        locking.hold(way.remote, names, way.rule)
    else:
        send(way, names, source, sha256, there, tally)


def to_send(way: Way, path: Path, work: Path) -> Iterator[tuple[str, Path]]:
    """(name, file) in the order in which they are sent. Evidence goes along only where it proves."""
    found = folder.read(path)
    for name in (*found["files"], *([manifest.EVIDENCE] if found["proven"] else [])):
        yield name, path / name
    if way.sealed:
        (work / naming.FILE).write_text(way.names.text(), encoding="ascii")
        yield naming.FILE, work / naming.FILE
    yield used.NAME, work / used.NAME
    yield manifest.DIGEST, path / manifest.DIGEST
    yield manifest.NAME, path / manifest.NAME


def remove_other_form(way: Way, copy: Copy) -> None:
    """What was copied in the clear before it was sealed, or sealed before it was in the clear."""
    for name in copy.files:
        if name != used.NAME and name.endswith(SEALED) != way.sealed:
            way.remote.client.delete_object(**way.remote.file(copy.identity, name))


def write_evidence(way: Way, path: Path) -> None:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    until = way.rule.until.isoformat() if way.rule.until else None
    fact = {"at": now, "to": str(way.remote), "sealed": way.sealed, "locked_until": until}
    manifest.put(path / EVIDENCE, json.dumps(fact).encode() + b"\n")
